/** What tests of event stores share: events to append, and bounded ways to collect what comes out. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  EventStore,
  Json,
  NewEvent,
  Position,
  RecordedEvent,
  StreamFilter,
  SubscriptionItem,
} from '../../src/eventstore/port.ts'

/** An event that nothing else equals unless `id` is given. */
export const newEvent = (data: Json = {}, id: string = randomUUID()): NewEvent => ({
  id,
  type: 'SomethingHappened',
  data,
  metadata: {
    $correlationId: 'correlation',
    $causationId: 'causation',
    schema: 1,
    actor: 'test',
    at: 1_700_000_000_000,
  },
})

export const newEvents = (count: number): readonly NewEvent[] =>
  Array.from({ length: count }, (_, index) => newEvent({ index }))

export const collect = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

export const readAll = (store: EventStore, stream: string, from?: number): Promise<RecordedEvent[]> =>
  collect(store.read(stream, from))

/** A directory of its own for one test, and how to remove it. */
export const temporaryDirectory = (): { readonly path: string; readonly remove: () => void } => {
  const path = mkdtempSync(join(tmpdir(), 'muster-store-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** How long a test waits for an item before it fails, ms. */
export const DEADLINE_MS = 20_000

/** Fails with `what` unless `promise` settles within the deadline. */
export const within = async <T>(what: string, promise: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not happen within ${DEADLINE_MS} ms`)), DEADLINE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** A subscription read item by item, each with a deadline. */
export const follow = (store: EventStore, after: Position = -1, filter: StreamFilter = 'all') => {
  const abort = new AbortController()
  const items = store.subscribe(after, filter, abort.signal)[Symbol.asyncIterator]()

  const next = async (): Promise<SubscriptionItem | undefined> => {
    const { done, value } = await within('the next item of a subscription', items.next())
    return done ? undefined : value
  }
  const required = async (): Promise<SubscriptionItem> => {
    const item = await next()
    if (!item) throw new Error('the subscription ended too early')
    return item
  }
  return {
    next,
    abort: () => abort.abort(),
    /** Events up to the next `caught-up`, and its position. */
    untilCaughtUp: async (): Promise<{ readonly events: RecordedEvent[]; readonly position: Position }> => {
      const events: RecordedEvent[] = []
      for (;;) {
        const item = await required()
        if (item.kind === 'caught-up') return { events, position: item.position }
        if (item.kind === 'events') events.push(...item.events)
      }
    },
    /** The next `count` events, whatever `caught-up` stands between. */
    take: async (count: number): Promise<RecordedEvent[]> => {
      const events: RecordedEvent[] = []
      while (events.length < count) {
        const item = await required()
        if (item.kind === 'events') events.push(...item.events)
      }
      return events
    },
  }
}

/** The AppError's code that `promise` fails with. */
export const codeOf = async (promise: Promise<unknown>): Promise<string> => {
  try {
    await promise
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : `no code: ${String(error)}`
  }
  return 'no error'
}
