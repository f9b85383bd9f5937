/**
 * What a fake EventStoreDB keeps: one log of records at byte offsets, cut into streams, with the server's own rules for
 * expected revisions and repeated ids (docs/eventstore.md says where they were seen).
 */
export type FakeEvent = {
  readonly id: string
  readonly type: string
  readonly data: Uint8Array
  readonly metadata: Uint8Array
}

export type FakeRecord = FakeEvent & { readonly stream: string; readonly revision: number; readonly position: number }

export type FakeExpected = number | 'any' | 'no-stream' | 'stream-exists'

export type FakeDecision =
  | { readonly kind: 'written' | 'repeated'; readonly last: FakeRecord }
  | { readonly kind: 'wrong-version'; readonly actual: number | 'no-stream' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'deleted' }

/** The server's default; it counts the events' data alone. */
export const FAKE_MAX_APPEND_BYTES = 1_048_576

/** What a record takes beside its data, metadata and names, roughly. */
const RECORD_OVERHEAD = 110

export type FakeLog = {
  readonly append: (stream: string, expected: FakeExpected, events: readonly FakeEvent[]) => FakeDecision
  /** What a reader of the stream sees, in order; undefined if the stream does not exist. */
  readonly stream: (name: string) => readonly FakeRecord[] | undefined
  /** All records in order, those included that a reader of their stream sees no longer. */
  readonly all: () => readonly FakeRecord[]
  /** The index of the first record at or beyond `position`. */
  readonly indexOf: (position: number) => number
  /** Called after each append. Answers how to stop it. */
  readonly onAppend: (listener: () => void) => () => void
  readonly remove: (stream: string) => void
  /** What a restart of the server forgets: the ids of recent events. */
  readonly forgetIds: () => void
}

export const createFakeLog = (): FakeLog => {
  const records: FakeRecord[] = []
  const streams = new Map<string, FakeRecord[]>()
  const removed = new Set<string>()
  const listeners = new Set<() => void>()
  let ids = new Map<string, FakeRecord>()
  let nextPosition = 0

  const write = (stream: string, events: readonly FakeEvent[]): FakeRecord => {
    const kept = streams.get(stream) ?? []
    streams.set(stream, kept)
    let last: FakeRecord | undefined
    for (const event of events) {
      last = { ...event, stream, revision: kept.length, position: nextPosition }
      nextPosition +=
        RECORD_OVERHEAD + event.data.length + event.metadata.length + 2 * (stream.length + event.type.length)
      kept.push(last)
      records.push(last)
      ids.set(event.id, last)
    }
    if (!last) throw new Error('an append holds at least one event')
    return last
  }

  const append = (stream: string, expected: FakeExpected, events: readonly FakeEvent[]): FakeDecision => {
    if (removed.has(stream)) return { kind: 'deleted' }
    const size = events.reduce((sum, event) => sum + event.data.length, 0)
    if (size > FAKE_MAX_APPEND_BYTES) return { kind: 'too-large' }
    const kept = streams.get(stream) ?? []
    const decision = decide(kept, visible(stream)?.[0]?.revision ?? 0, expected, events, id => {
      const known = ids.get(id)
      return known?.stream === stream ? known : undefined
    })
    if (decision !== 'write') return decision
    const last = write(stream, events)
    for (const listener of listeners) listener()
    return { kind: 'written', last }
  }

  const visible = (name: string): readonly FakeRecord[] | undefined => {
    const kept = streams.get(name)
    if (!kept || removed.has(name)) return undefined
    const maxCount = maxCountOf(streams.get(`$$${name}`)?.at(-1))
    return maxCount === undefined ? kept : kept.slice(-maxCount)
  }

  // Every server's log begins with some records of its own.
  const text = (value: string): Uint8Array => Buffer.from(value)
  write('$settings', [
    { id: '00000000-0000-4000-8000-00000000aaaa', type: '$update', data: text('{}'), metadata: text('{}') },
  ])

  return {
    append,
    stream: visible,
    all: () => records,
    indexOf: position => {
      let low = 0
      let high = records.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((records[middle]?.position ?? Infinity) >= position) high = middle
        else low = middle + 1
      }
      return low
    },
    onAppend: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    remove: stream => removed.add(stream),
    forgetIds: () => {
      ids = new Map()
    },
  }
}

const maxCountOf = (settings: FakeRecord | undefined): number | undefined =>
  settings && (JSON.parse(Buffer.from(settings.data).toString('utf8')) as { $maxCount?: number }).$maxCount

/** `firstVisible`: older events are there still, but no repeat of them is recognised. */
const decide = (
  kept: readonly FakeRecord[],
  firstVisible: number,
  expected: FakeExpected,
  events: readonly FakeEvent[],
  known: (id: string) => FakeRecord | undefined,
): FakeDecision | 'write' => {
  const head = kept.length - 1
  const wrong: FakeDecision = { kind: 'wrong-version', actual: head < 0 ? 'no-stream' : head }
  if (expected === 'stream-exists' && head < 0) return wrong
  if (expected === 'any' || expected === 'stream-exists') {
    const found = events.map(event => known(event.id))
    if (!found[0]) return 'write'
    const last = found.at(-1)
    return found.every(Boolean) && last ? { kind: 'repeated', last } : wrong
  }
  const place = expected === 'no-stream' ? 0 : expected + 1
  if (place === head + 1) return 'write'
  if (place > head || place < firstVisible) return wrong
  const last = kept[place + events.length - 1]
  const isOwn = events.every((event, index) => kept[place + index]?.id === event.id)
  return isOwn && last ? { kind: 'repeated', last } : wrong
}
