import { buildSchema, type ExecutionResult, graphql } from 'graphql/index.js'
import type { CliApi } from '../../src/cli/cli-api.ts'
import type { Operator, RunningAgent, StartAgent } from '../../src/cli/command.ts'
import { runCli } from '../../src/cli/run-cli.ts'
import type { Environment } from '../../src/cli/settings.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { AppError } from '../../src/platform/errors.ts'
import { readText } from './source-tree.ts'

/** What the resolvers of a root object are: functions of arguments, or values. */
export type FakeRoot = Readonly<Record<string, unknown>>

const schema = buildSchema(readText('src/protocol/schema.graphql'))

const answer = async (root: FakeRoot, text: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> => {
  const result: ExecutionResult = await graphql({
    schema,
    source: text,
    rootValue: root,
    variableValues: variables,
    typeResolver: value => (value as { readonly __typename: string }).__typename,
  })
  const [error] = result.errors ?? []
  if (error !== undefined) throw error.originalError instanceof AppError ? error.originalError : error
  return JSON.parse(JSON.stringify(result.data))
}

/** An API that answers the commands' real documents by the real schema, from hand-made objects. */
export const createFakeApi = (root: FakeRoot): CliApi => ({
  query: async (document, variables) => (await answer(root, document.text, variables)) as never,
  stream: async function* (path, signal) {
    const chunks = (root['stream'] as (path: string, signal?: AbortSignal) => AsyncIterable<string>)(path, signal)
    for await (const chunk of chunks) yield Buffer.from(chunk)
  },
  json: async path => (root['json'] as (path: string) => unknown)(path) as never,
  close: () => undefined,
})

export const NOW = Date.UTC(2026, 2, 1, 10, 0, 0)

/** A clock whose waits are over at once; every wait moves it on. */
const createSwiftClock = (): Clock => {
  let elapsedMs = 0
  return {
    now: () => NOW + elapsedMs,
    monotonicMs: () => elapsedMs,
    after: (delayMs, run) => {
      const timer = setImmediate(() => {
        elapsedMs += delayMs
        run()
      })
      return () => clearImmediate(timer)
    },
  }
}

export type FakeCliOptions = {
  readonly root?: FakeRoot
  readonly env?: Environment
  readonly stdin?: string
  readonly cwd?: string
  readonly isInteractive?: boolean
  readonly interruption?: AbortController
  readonly termination?: AbortController
  /** Told how to send SIGHUP. */
  readonly onHangup?: (hangUp: () => void) => void
  readonly answerTo?: (question: string) => string
  readonly agent?: RunningAgent
  /** What starts it, where that is more than to be there. */
  readonly startAgent?: StartAgent
  readonly operator?: Operator
}

export type FakeCliResult = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Runs one command line against hand-made answers. */
export const runFakeCli = async (args: readonly string[], options: FakeCliOptions = {}): Promise<FakeCliResult> => {
  const out: Buffer[] = []
  let stderr = ''
  const { root = {}, interruption = new AbortController(), termination = new AbortController() } = options
  const code = await runCli(args, {
    io: {
      stdout: async text => {
        out.push(Buffer.from(text))
      },
      stderr: text => {
        stderr += text
      },
      readStdin: async () => options.stdin ?? '',
      ask: async question => (options.answerTo ?? (() => ''))(question),
      isInteractive: options.isInteractive ?? false,
      interruption: () => interruption.signal,
      termination: () => termination.signal,
      onHangup: handle => options.onHangup?.(handle),
      cwd: options.cwd ?? '/',
    },
    env: options.env ?? {},
    clock: createSwiftClock(),
    loadAgent: async () => {
      const { agent, startAgent } = options
      if (startAgent !== undefined) return { startAgent }
      if (agent === undefined) throw new Error('no agent was handed in')
      return { startAgent: async () => agent }
    },
    loadOperator: async () => {
      const { operator } = options
      if (operator === undefined) throw new Error('no operator was handed in')
      return { operator }
    },
    createApi: () => createFakeApi(root),
  })
  return { code, stdout: Buffer.concat(out).toString('utf8'), stderr }
}
