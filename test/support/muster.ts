import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { root } from './source-tree.ts'

const binary = join(root, 'bin/muster')
/** A command that monitors may follow a deployment for half a minute. */
const COMMAND_TIMEOUT_MS = 120_000
const MAX_OUTPUT_BYTES = 10_000_000

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string }

export type TestAgent = {
  readonly port: number
  readonly process: ChildProcess
  readonly log: () => string
  /** Runs `muster …` against this agent, in `cwd`. Answers whatever its exit code is. */
  readonly muster: (args: readonly string[], cwd?: string) => Promise<CommandResult>
  /** A shell line in which `muster` is the command. */
  readonly shell: (line: string, cwd?: string) => Promise<CommandResult>
  readonly stop: () => Promise<void>
  readonly kill: () => Promise<void>
}

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address !== null ? address.port : 0
      server.close(() => resolve(port))
    })
  })

export const environment = (port: number): NodeJS.ProcessEnv => {
  const clean = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('NOMAD_') && !name.startsWith('MUSTER_'),
  )
  return {
    ...Object.fromEntries(clean),
    MUSTER_ADDR: `http://127.0.0.1:${port}`,
    PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}`,
  }
}

export const runCommand = (
  file: string,
  args: readonly string[],
  options: { readonly env: NodeJS.ProcessEnv; readonly cwd: string | undefined },
): Promise<CommandResult> =>
  new Promise(resolve => {
    const settings = { ...options, timeout: COMMAND_TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES }
    execFile(file, args, settings, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 255
      resolve({ code, stdout, stderr })
    })
  })

const ended = (child: ChildProcess): Promise<void> =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise(resolve => {
        child.once('exit', () => resolve())
      })

export type AgentSettings = {
  /** Further variables of the agent's environment; commands against it do not get them. */
  readonly env?: NodeJS.ProcessEnv
  /** Programs of Node that the agent loads before itself. */
  readonly preload?: readonly string[]
  /** A command line that the agent's is put behind, as `faketime` or `strace` want it. */
  readonly under?: readonly string[]
}

const preloading = (programs: readonly string[]): NodeJS.ProcessEnv =>
  programs.length === 0 ? {} : { NODE_OPTIONS: programs.map(program => `--require=${program}`).join(' ') }

/** Starts `muster agent -dev` as a user would, and waits until its node is ready. */
export const startAgent = async (
  args: readonly string[] = [],
  wantedPort?: number,
  settings: AgentSettings = {},
): Promise<TestAgent> => {
  const port = wantedPort ?? (await freePort())
  const env = environment(port)
  const [command, ...before] = [...(settings.under ?? []), binary]
  const child = spawn(command, [...before, 'agent', '-dev', '-http-port', String(port), ...args], {
    env: { ...env, ...preloading(settings.preload ?? []), ...settings.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  const note = (chunk: Buffer): void => {
    log = `${log}${chunk.toString('utf8')}`.slice(-200_000)
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  const muster: TestAgent['muster'] = (command, cwd) => runCommand(binary, command, { env, cwd })
  await eventually('a node that is ready', async () => {
    if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}:\n${log}`)
    const { code, stdout } = await muster(['node', 'status'])
    return code === 0 && stdout.includes('ready') ? true : undefined
  })
  await eventually('the driver raw_exec', async () => {
    const { stdout } = await muster(['node', 'status', '-self', '-verbose'])
    return /^raw_exec +true +true/m.test(stdout) ? true : undefined
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await ended(child)
  }
  return {
    port,
    process: child,
    log: () => log,
    muster,
    shell: (line, cwd) => runCommand('bash', ['-c', line], { env, cwd }),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  }
}
