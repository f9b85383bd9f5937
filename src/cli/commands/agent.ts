import { hostname } from 'node:os'
import type { AgentConfig } from '../../config/agent-config.ts'
import { devSettings, resolveAgent } from '../../config/resolve.ts'
import { mergeSettings, noSettings } from '../../config/settings.ts'
import { type AgentInput, agentFlags, settingsOfFlags } from '../agent-flags.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts'
import { printLines } from '../print.ts'
import { usageError } from '../refusal.ts'
import { renderAgentBanner } from '../render/agent-banner.ts'

const configOf = ({ io }: CommandContext, input: AgentInput): AgentConfig => {
  const isDev = input.flags.dev
  const settings = mergeSettings(isDev ? devSettings : noSettings, settingsOfFlags(input, io.cwd))
  const resolved = resolveAgent(settings, { isDev, hostname: hostname() })
  if (resolved.ok) return resolved.config
  const [first] = resolved.problems
  throw usageError(resolved.problems.map(({ message }) => message).join('; '), first?.hint)
}

const runAgent = async (context: CommandContext, config: AgentConfig): Promise<number> => {
  const { startAgent } = await context.loadAgent()
  const stopping = context.io.termination()
  const agent = await startAgent(config)
  await printLines(context, renderAgentBanner(config, agent))
  const stopped = new Promise<number>(end => {
    if (stopping.aborted) end(EXIT_OK)
    else stopping.addEventListener('abort', () => end(EXIT_OK), { once: true })
  })
  if (agent.nodeId !== null)
    void agent.ready.then(
      () => context.io.stderr('==> Node is ready to run tasks\n'),
      // Told by `failed`, or the agent was stopped before it came to that.
      () => undefined,
    )
  const code = await Promise.race([stopped, agent.failed])
  context.io.stderr('==> Stopping the agent\n')
  await agent.stop()
  return code === EXIT_OK ? EXIT_OK : EXIT_FAILED
}

export const command = defineCommand({
  usage: 'muster agent [options]',
  description: `Runs an agent: a server with its API, a client that runs tasks on this machine, or both. Ends on Ctrl-C or SIGTERM; a
second one ends it at once. Tasks run on when it ends, but for -dev without -data-dir.

A server:  muster agent -server -data-dir DIR -bind ADDR
A client:  muster agent -client -servers ADDR -data-dir DIR
To try things with:  muster agent -dev`,
  flags: agentFlags,
  takes: { min: 0, max: 0 },
  isLocal: true,
  run: (context, input) => runAgent(context, configOf(context, input)),
})
