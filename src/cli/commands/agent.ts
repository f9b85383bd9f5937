import { untilAborted } from '../../platform/clock.ts'
import { type AgentInput, agentFlags } from '../agent-flags.ts'
import { agentOfInput } from '../agent-settings.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts'
import { printLines } from '../print.ts'
import { renderAgentBanner } from '../render/agent-banner.ts'
import { renderWarnings } from '../render/warnings.ts'

/** Aborted when somebody wants the agent to end, by the name of the signal. One that was started without files has none to read again on SIGHUP. */
const listenForEnd = ({ io }: CommandContext, hasFiles: boolean, reload: () => void): AbortSignal => {
  const stopping = new AbortController()
  const end = (signal: unknown): void => {
    if (stopping.signal.aborted) return
    io.stderr('==> Stopping the agent\n')
    stopping.abort(signal)
  }
  const termination = io.termination()
  void untilAborted(termination).then(() => end(termination.reason))
  io.onHangup(() => (hasFiles ? reload() : end('SIGHUP')))
  return stopping.signal
}

const runAgent = async (context: CommandContext, input: AgentInput): Promise<number> => {
  const { io } = context
  const { config, warnings } = await agentOfInput(input, io.cwd)
  for (const line of renderWarnings(warnings, 'Configuration Warnings:')) io.stderr(`${line}\n`)
  const { startAgent } = await context.loadAgent()
  let reload = (): void => {}
  const stopping = listenForEnd(context, input.flags.config.length > 0, () => reload())
  const agent = await startAgent(config, stopping)
  if (agent === null) return EXIT_OK
  reload = () => void agent.reload(async () => (await agentOfInput(input, io.cwd)).config)
  await printLines(context, renderAgentBanner(config, agent))
  if (agent.nodeId !== null)
    void agent.ready.then(
      () => io.stderr('==> Node is ready to run tasks\n'),
      // Told by `failed`, or the agent was stopped before it came to that.
      () => undefined,
    )
  const code = await Promise.race([untilAborted(stopping).then(() => EXIT_OK), agent.failed])
  await agent.stop()
  return code === EXIT_OK ? EXIT_OK : EXIT_FAILED
}

export const command = defineCommand({
  usage: 'muster agent [options]',
  description: `Runs an agent: a server with its API, a client that runs tasks on this machine, or both. Ends on Ctrl-C or SIGTERM; a
second one ends it at once. Tasks run on when it ends, but for -dev without -data-dir. SIGHUP reads its files again.

A server:  muster agent -server -data-dir DIR -bind ADDR
A client:  muster agent -client -servers ADDR -data-dir DIR
By files:  muster agent -config FILE -config DIR
To try things with:  muster agent -dev`,
  flags: agentFlags,
  takes: { min: 0, max: 0 },
  isLocal: true,
  run: runAgent,
})
