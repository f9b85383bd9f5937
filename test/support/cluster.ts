import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { type CommandResult, environment, runCommand } from './muster.ts'
import { root } from './source-tree.ts'

const binary = join(root, 'bin/muster')

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** An agent that was started with a file of configuration, in a process of its own. */
export type ConfiguredAgent = {
  readonly port: number
  readonly process: ChildProcess
  readonly log: () => string
  /** Waits until the agent has logged this. */
  readonly logged: (text: string) => Promise<void>
  readonly muster: (args: readonly string[], cwd?: string) => Promise<CommandResult>
  /** What its API answers to a query. */
  readonly query: <T>(text: string) => Promise<T | undefined>
  readonly send: (signal: NodeJS.Signals) => void
  readonly ended: Promise<Ended>
}

export type ConfiguredOptions = {
  readonly config: string
  readonly port: number
  /** Another build of the program. */
  readonly program?: string
  /** A command line that the agent's is put behind. */
  readonly under?: readonly string[]
}

const query = async <T>(port: number, text: string): Promise<T | undefined> => {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: text }),
    })
    const { data } = (await answer.json()) as { readonly data: T | null }
    return data ?? undefined
  } catch {
    return undefined
  }
}

/** Starts `muster agent -config FILE` and does not wait for anything. */
export const startConfigured = ({ config, port, program = binary, under = [] }: ConfiguredOptions): ConfiguredAgent => {
  const [command, ...rest] = [...under, program]
  const env = environment(port)
  const child = spawn(command, [...rest, 'agent', '-config', config], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  const note = (chunk: Buffer): void => {
    log = `${log}${chunk.toString('utf8')}`.slice(-200_000)
  }
  child.stdout.on('data', note)
  child.stderr.on('data', note)
  const ended = new Promise<Ended>(resolve => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  return {
    port,
    process: child,
    log: () => log,
    logged: text =>
      eventually(`"${text}" in the log of the agent`, async () => {
        if (log.includes(text)) return true
        if (child.exitCode !== null) throw new Error(`the agent ended with ${child.exitCode}:\n${log}`)
        return undefined
      }).then(() => undefined),
    muster: (args, cwd) => runCommand(binary, args, { env, cwd }),
    query: text => query(port, text),
    send: signal => void child.kill(signal),
    ended,
  }
}

/** The same program as another build would be: in a directory of its own. */
export const copyBuild = (folder: string): string => {
  const copy = join(folder, 'build')
  mkdirSync(copy)
  for (const part of ['bin', 'dist']) cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return join(copy, 'bin/muster')
}

export type NodeSeen = { readonly id: string; readonly name: string; readonly status: string }

/** The nodes that an agent tells of, by name. */
export const nodesOf = async (agent: ConfiguredAgent): Promise<ReadonlyMap<string, NodeSeen>> => {
  const data = await agent.query<{ readonly nodes: { readonly nodes: readonly NodeSeen[] } }>(
    '{ nodes { nodes { id name status } } }',
  )
  return new Map(data?.nodes.nodes.map(node => [node.name, node]))
}

/** Waits until the node of this name is ready. */
export const nodeReady = (agent: ConfiguredAgent, name: string): Promise<NodeSeen> =>
  eventually(`node ${name} to be ready`, async () => {
    const node = (await nodesOf(agent)).get(name)
    return node?.status === 'ready' ? node : undefined
  })

/** A task that notes its process in a file of its own, so that a second start would show. */
export const writeTicker = (folder: string, { name, node }: { readonly name: string; readonly node: string }) => {
  const marks = join(folder, `${name}.marks`)
  const file = join(folder, `${name}.nomad.hcl`)
  writeFileSync(
    file,
    `job "${name}" {
  group "g" {
    constraint {
      attribute = "\${node.unique.name}"
      value     = "${node}"
    }
    update {
      min_healthy_time = "1s"
    }
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo $$ >> ${marks}; echo started; exec sleep 1000"]
      }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
`,
  )
  return {
    file,
    starts: (): readonly string[] => (existsSync(marks) ? readFileSync(marks, 'utf8').trim().split('\n') : []),
  }
}

export const isRunning = (pid: string | undefined): boolean => pid !== undefined && existsSync(`/proc/${pid}`)
