import { resolve } from 'node:path'
import type { AgentOptions } from '../agent-options.ts'
import { type Arguments, type CommandContext, defineCommand } from '../command.ts'
import { EXIT_FAILED, EXIT_OK } from '../exit-codes.ts'
import { printLines } from '../print.ts'
import { usageError } from '../refusal.ts'
import { renderAgentBanner } from '../render/agent-banner.ts'

const logLevels = ['trace', 'debug', 'info', 'warn', 'error'] as const
const MAX_PORT = 65_535

const flags = [
  {
    name: 'dev',
    type: 'boolean',
    usage:
      'Server and client in one, on loopback; raw_exec enabled. Without -data-dir nothing is kept: what runs ends with the agent.',
  },
  {
    name: 'data-dir',
    type: 'string',
    placeholder: '<path>',
    usage: 'Keep the log, the views and tasks in this directory.',
  },
  {
    name: 'bind',
    type: 'string',
    placeholder: '<addr>',
    usage: 'Address that the API listens on, 127.0.0.1 if not given. Nothing controls yet who may use it.',
  },
  {
    name: 'http-port',
    type: 'int',
    placeholder: '<port>',
    usage: 'Port of the API, 4646 if not given; 0 picks a free one.',
  },
  { name: 'port', type: 'int', placeholder: '<port>', usage: 'The same as -http-port.' },
  {
    name: 'network-interface',
    type: 'string',
    placeholder: '<name>',
    usage: 'Interface whose first IPv4 address tasks are reached at, instead of that of the default route.',
  },
  { name: 'region', type: 'string', placeholder: '<name>', usage: 'Region, "global" if not given.' },
  { name: 'dc', type: 'string', placeholder: '<name>', usage: 'Datacenter, "dc1" if not given.' },
  { name: 'node', type: 'string', placeholder: '<name>', usage: "Name of the node, the machine's if not given." },
  { name: 'node-class', type: 'string', placeholder: '<name>', usage: 'Class of the node, for constraints.' },
  { name: 'node-pool', type: 'string', placeholder: '<name>', usage: 'Pool of the node, "default" if not given.' },
  { name: 'meta', type: 'map', usage: 'Meta of the node, for constraints. May be given many times.' },
  {
    name: 'log-level',
    type: 'string',
    default: 'info',
    placeholder: '<level>',
    usage: `How much is logged: ${logLevels.join(', ')}.`,
  },
] as const

type Input = Arguments<typeof flags>

const orNull = (text: string): string | null => (text === '' ? null : text)

const portOf = ({ flags: values, given }: Input): number | null => {
  if (given.has('http-port') && given.has('port')) throw usageError('-port and -http-port mean the same', 'give one')
  const name = given.has('port') ? 'port' : 'http-port'
  if (!given.has(name)) return null
  const port = values[name]
  if (port < 0 || port > MAX_PORT) throw usageError(`-${name} is ${port}, which is no port`, `write 0 to ${MAX_PORT}`)
  return port
}

const logLevelOf = (text: string): AgentOptions['logLevel'] => {
  const level = logLevels.find(each => each === text.toLowerCase())
  if (level !== undefined) return level
  throw usageError(`there is no log level "${text}"`, `write one of ${logLevels.join(', ')}`)
}

const optionsOf = ({ io }: CommandContext, input: Input): AgentOptions => {
  const { flags: values } = input
  const dataDir = orNull(values['data-dir'])
  if (!values.dev && dataDir === null) {
    throw usageError('an agent needs -dev or -data-dir', 'start one to try things with: muster agent -dev')
  }
  return {
    isDev: values.dev,
    dataDir: dataDir === null ? null : resolve(io.cwd, dataDir),
    bindAddress: orNull(values.bind),
    httpPort: portOf(input),
    networkInterface: orNull(values['network-interface']),
    region: orNull(values.region),
    datacenter: orNull(values.dc),
    nodeName: orNull(values.node),
    nodeClass: orNull(values['node-class']),
    nodePool: orNull(values['node-pool']),
    meta: values.meta,
    logLevel: logLevelOf(values['log-level']),
  }
}

const runAgent = async (context: CommandContext, options: AgentOptions): Promise<number> => {
  const { startAgent } = await context.loadAgent()
  const stopping = context.io.termination()
  const agent = await startAgent(options)
  await printLines(context, renderAgentBanner(options, agent))
  const stopped = new Promise<number>(end => {
    if (stopping.aborted) end(EXIT_OK)
    else stopping.addEventListener('abort', () => end(EXIT_OK), { once: true })
  })
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
  usage: 'muster agent -dev [options]',
  description: `Runs an agent: a server with its API, and a client that runs tasks on this machine. Ends on Ctrl-C or SIGTERM; a
second one ends it at once. With -dev and without -data-dir its tasks end with it.`,
  flags,
  takes: { min: 0, max: 0 },
  isLocal: true,
  run: (context, input) => runAgent(context, optionsOf(context, input)),
})
