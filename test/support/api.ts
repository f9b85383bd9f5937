import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { buildServer } from '../../src/api/build-server.ts'
import type { ApiContext, FeedItem } from '../../src/api/context.ts'
import type { Caller, Commands, Outcome } from '../../src/app/api-commands.ts'
import type { Recorded } from '../../src/domain/events.ts'
import type { Job } from '../../src/domain/jobspec/schema.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { createHistory, type Followed, type History, openReadModel } from './history.ts'

export type CommandCall = { readonly name: string; readonly input: unknown; readonly caller: Caller }

export type TestApi = {
  readonly app: FastifyInstance
  readonly history: History
  readonly followed: Followed
  readonly calls: CommandCall[]
  /** Brings the view up to the end of the history, and wakes whoever follows it. */
  readonly settle: () => void
  readonly query: (query: string, variables?: object) => Promise<Answer>
  readonly close: () => Promise<void>
}

export type WireError = { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }
export type Answer = {
  readonly status: number
  // Every test knows the shape of what it asked for.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly data: any
  readonly errors: readonly WireError[]
  readonly extensions: Readonly<Record<string, unknown>>
}

/** Commands that do nothing but remember what they were asked; `outcomes` says what each answers. */
const rememberingCommands = (calls: CommandCall[], outcomes: Readonly<Record<string, Outcome<object>>>): Commands => {
  const names = [
    'registerJob',
    'validateJob',
    'parseJob',
    'stopJob',
    'dispatchJob',
    'forcePeriodic',
    'evaluateJob',
    'stopAllocation',
    'restartAllocation',
    'signalAllocation',
    'setNodeEligibility',
    'collectGarbage',
  ]
  const missing = {
    kind: 'rejected',
    code: 'NOT_EXPECTED',
    message: 'not expected',
    hint: '',
    diagnostics: [],
  } as const
  const commands = names.map(
    name =>
      [
        name,
        (input: unknown, caller: Caller) => {
          calls.push({ name, input, caller })
          return Promise.resolve(outcomes[name] ?? missing)
        },
      ] as const,
  )
  return Object.fromEntries(commands) as unknown as Commands
}

/** A feed over the history: everything after a position, `caught-up`, and then what is recorded later. */
const createFeed = (history: History, wakers: Set<() => void>) =>
  async function* feed(after: number, signal: AbortSignal): AsyncGenerator<FeedItem> {
    let position = after
    while (!signal.aborted) {
      const events = history.events.filter(event => event.position > position)
      position = events.at(-1)?.position ?? position
      if (events.length > 0) {
        yield { kind: 'events', events }
        continue
      }
      yield { kind: 'caught-up', position }
      if (history.events.some(event => event.position > position)) continue
      await new Promise<void>(resolve => {
        const wake = (): void => {
          wakers.delete(wake)
          signal.removeEventListener('abort', wake)
          resolve()
        }
        wakers.add(wake)
        signal.addEventListener('abort', wake, { once: true })
      })
    }
  }

export type TestApiOptions = {
  readonly outcomes?: Readonly<Record<string, Outcome<object>>>
  readonly overrides?: Partial<ApiContext>
  readonly history?: History
}

/** The API over a history that the test writes by hand. */
export const openApi = ({ outcomes = {}, overrides = {}, history = createHistory() }: TestApiOptions = {}): TestApi => {
  const followed = openReadModel()
  const calls: CommandCall[] = []
  const wakers = new Set<() => void>()
  const context: ApiContext = {
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    readModel: followed.model,
    commands: rememberingCommands(calls, outcomes),
    feed: createFeed(history, wakers),
    exportLog: () => Readable.from([]),
    head: () => Promise.resolve(history.events.length - 1),
    nextLaunch: (_periodic, afterMs) => afterMs + 60_000,
    staleness: () => null,
    showSpecification: (_namespace: string, job: Job) => Promise.resolve({ ID: job.id, Name: job.name }),
    showSource: () => Promise.reject(new Error('no job file is asked for in this test')),
    agent: () => ({
      version: '0.1.0',
      revision: '',
      region: 'global',
      datacenter: 'dc1',
      name: 'test',
      address: 'http://127.0.0.1:4646',
      isServer: true,
      nodeId: null,
      isDev: true,
    }),
    serverMembers: () => [],
    metrics: () => ({ at: 0, metrics: [] }),
    health: () => ({ server: { isOk: true, message: 'ok' }, client: null }),
    onClientLink: () => {},
    askNode: () => {
      throw new Error('no node is asked in this test')
    },
    hosts: ['muster.example'],
    ...overrides,
  }
  const app = buildServer(context)
  let settled = 0
  return {
    app,
    history,
    followed,
    calls,
    settle: () => {
      const fresh: readonly Recorded[] = history.events.slice(settled)
      settled = history.events.length
      followed.follow(fresh)
      for (const wake of wakers) wake()
    },
    query: async (query, variables) => {
      const response = await app.inject({ method: 'POST', url: '/graphql', payload: { query, variables } })
      const body = response.json<Partial<Omit<Answer, 'status'>>>()
      return {
        status: response.statusCode,
        data: body.data,
        errors: body.errors ?? [],
        extensions: body.extensions ?? {},
      }
    },
    close: async () => {
      await app.close()
      followed.model.close()
    },
  }
}
