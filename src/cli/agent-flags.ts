import { resolve } from 'node:path'
import { MAX_PORT } from '../config/agent-config.ts'
import { type AgentSettings, logLevels, mergeSettings, noSettings } from '../config/settings.ts'
import type { Arguments } from './command.ts'
import { usageError } from './refusal.ts'

export const agentFlags = [
  {
    name: 'dev',
    type: 'boolean',
    usage:
      'Server and client in one, on loopback; raw_exec enabled. Without -data-dir nothing is kept: what runs ends with the agent.',
  },
  {
    name: 'config',
    type: 'list',
    placeholder: '<path>',
    usage:
      'A file of configuration, or a directory of files that end in .hcl or .json. May be given many times; later ones count for more, flags for most.',
  },
  { name: 'server', type: 'boolean', usage: 'Be a server.' },
  { name: 'client', type: 'boolean', usage: 'Be a client: run tasks on this machine.' },
  {
    name: 'servers',
    type: 'list',
    placeholder: '<host:port>',
    usage: "Addresses of servers' APIs for a client, with commas between or given many times.",
  },
  {
    name: 'data-dir',
    type: 'string',
    placeholder: '<path>',
    usage: 'Keep the log, the views and tasks in this directory.',
  },
  { name: 'state-dir', type: 'string', placeholder: '<path>', usage: "The client's own, DIR/client if not given." },
  { name: 'alloc-dir', type: 'string', placeholder: '<path>', usage: 'Directories of tasks, DIR/alloc if not given.' },
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
    placeholder: '<level>',
    usage: `How much is logged: ${logLevels.join(', ')}; info if not given.`,
  },
  { name: 'log-json', type: 'boolean', usage: 'Log JSON, which is so unless told otherwise; false logs text.' },
] as const

export type AgentInput = Arguments<typeof agentFlags>

const orNull = (text: string): string | null => (text === '' ? null : text)

const portOf = ({ flags, given }: AgentInput): number | null => {
  if (given.has('http-port') && given.has('port')) throw usageError('-port and -http-port mean the same', 'give one')
  const name = given.has('port') ? 'port' : 'http-port'
  if (!given.has(name)) return null
  const port = flags[name]
  if (port < 0 || port > MAX_PORT) throw usageError(`-${name} is ${port}, which is no port`, `write 0 to ${MAX_PORT}`)
  return port
}

const logLevelOf = (text: string): AgentSettings['log']['level'] => {
  if (text === '') return null
  const level = logLevels.find(each => each === text.toLowerCase())
  if (level !== undefined) return level
  throw usageError(`there is no log level "${text}"`, `write one of ${logLevels.join(', ')}`)
}

const pathIn = (cwd: string, path: string): string | null => (path === '' ? null : resolve(cwd, path))

const role = (isAsked: boolean, isGiven: boolean): boolean | null => (isGiven ? isAsked : null)

/** What the flags say; files are read before them, so that they count for more. */
export const settingsOfFlags = (input: AgentInput, cwd: string): AgentSettings => {
  const { flags, given } = input
  const format = flags['log-json'] ? 'json' : 'text'
  return mergeSettings(noSettings, {
    ...noSettings,
    dataDir: pathIn(cwd, flags['data-dir']),
    name: orNull(flags.node),
    region: orNull(flags.region),
    datacenter: orNull(flags.dc),
    bindAddress: null,
    http: { address: orNull(flags.bind), port: portOf(input), advertised: null },
    leavesOnInterrupt: null,
    leavesOnTerminate: null,
    log: { level: logLevelOf(flags['log-level']), format: given.has('log-json') ? format : null },
    server: { ...noSettings.server, isEnabled: role(flags.server, given.has('server')) },
    client: {
      ...noSettings.client,
      isEnabled: role(flags.client, given.has('client')),
      servers: flags.servers.flatMap(text => text.split(',')).map(text => text.trim()),
      stateDir: pathIn(cwd, flags['state-dir']),
      allocDir: pathIn(cwd, flags['alloc-dir']),
      nodeClass: orNull(flags['node-class']),
      nodePool: orNull(flags['node-pool']),
      meta: flags.meta,
      networkInterface: orNull(flags['network-interface']),
    },
  })
}
