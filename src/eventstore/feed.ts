/**
 * Subscriptions, for adapters that see every commit themselves. The newest events are kept once, for all subscribers,
 * in a window bounded by count and bytes; each subscriber has a cursor into it. One that falls behind the window reads
 * pages of the log until it is back, so a slow subscriber costs no memory and holds nobody up. An idle one whose filter
 * passes nothing of a commit is moved on by that commit.
 *
 * Looking at the head and going to sleep happen in one synchronous step, so no commit falls between (no lost wake-up).
 */
import { assert } from '../platform/assert.ts'
import type { Position, RecordedEvent, StreamFilter, SubscriptionItem } from './port.ts'
import { categoryOf, MAX_SUBSCRIPTION_BATCH } from './port.ts'
import { closedError } from './serde.ts'

/** Events and bytes that the window over the newest commits may hold. */
export const MAX_WINDOW_EVENTS = 8_192
export const MAX_WINDOW_BYTES = 32_000_000
/** Bytes of events handed out in one item; a single larger event still goes out alone. */
export const MAX_ITEM_BYTES = 4_000_000

export type CommittedEvent = { readonly event: RecordedEvent; readonly bytes: number }

/** `position`: everything up to it has been looked at, whether it passed the filter or not. */
export type Page = { readonly events: readonly RecordedEvent[]; readonly position: Position }

export type FeedOptions = {
  readonly head: Position
  /** The next events of the log after `after` that pass `filter`; its `position` is beyond `after` unless that is the head. */
  readonly readPage: (after: Position, filter: StreamFilter) => Page
  /** Lets other work run between two pages of history. */
  readonly pause: () => Promise<void>
  readonly maxWindowEvents?: number
}

export type Feed = {
  /** The newest position that subscribers may see. */
  readonly head: () => Position
  /** Whether anyone would get what is published; if not, `publish` is given no events but the new head. */
  readonly hasSubscribers: () => boolean
  readonly publish: (committed: readonly CommittedEvent[], head: Position) => void
  readonly subscribe: (after: Position, filter: StreamFilter, signal: AbortSignal) => AsyncGenerator<SubscriptionItem>
  /** Ends all subscriptions, with `failure` if there is one, else quietly. */
  readonly end: (failure?: Error) => void
}

type Entry = CommittedEvent & { readonly category: string }

type Subscriber = {
  cursor: Position
  readonly passes: (category: string) => boolean
  wake: (() => void) | undefined
}

type Ending = { readonly failure: Error | undefined }

export const createFeed = (options: FeedOptions): Feed => {
  const window = createWindow(options.head, options.maxWindowEvents ?? MAX_WINDOW_EVENTS)
  const subscribers = new Set<Subscriber>()
  let head = options.head
  let ending: Ending | undefined

  const publish = (committed: readonly CommittedEvent[], newHead: Position): void => {
    const entries = committed.map(one => ({ ...one, category: categoryOf(one.event.stream) }))
    const before = head
    head = newHead
    if (entries.length === 0) window.restart(newHead)
    else window.push(entries)
    const categories = new Set(entries.map(entry => entry.category))
    for (const subscriber of subscribers) {
      const concerns = [...categories].some(subscriber.passes)
      if (concerns) subscriber.wake?.()
      else if (subscriber.wake && subscriber.cursor === before) subscriber.cursor = newHead
    }
  }

  const nextPage = (cursor: Position, filter: StreamFilter, passes: Subscriber['passes']): Page =>
    window.covers(cursor) ? window.take(cursor, passes) : options.readPage(cursor, filter)

  async function* follow(subscriber: Subscriber, filter: StreamFilter, signal: AbortSignal) {
    const isOver = (): boolean => signal.aborted || ending !== undefined
    let isBehind = true
    while (!isOver()) {
      if (subscriber.cursor < head) {
        const isHistory = !window.covers(subscriber.cursor)
        isBehind ||= isHistory
        const page = nextPage(subscriber.cursor, filter, subscriber.passes)
        assert(page.position > subscriber.cursor, `a page after ${subscriber.cursor} brings a reader on`)
        subscriber.cursor = page.position
        if (page.events.length > 0) yield { kind: 'events', events: page.events } as const
        if (isHistory) await options.pause()
      } else if (isBehind) {
        isBehind = false
        yield { kind: 'caught-up', position: head } as const
      } else {
        await new Promise<void>(resolve => {
          subscriber.wake = resolve
        })
        subscriber.wake = undefined
      }
    }
    if (ending?.failure && !signal.aborted) throw ending.failure
  }

  async function* subscribe(after: Position, filter: StreamFilter, signal: AbortSignal) {
    if (ending) throw ending.failure ?? closedError('subscribe')
    const categories = filter === 'all' ? undefined : new Set(filter.categories)
    const passes = (category: string): boolean => categories === undefined || categories.has(category)
    const subscriber: Subscriber = { cursor: after, passes, wake: undefined }
    const wake = (): void => subscriber.wake?.()
    subscribers.add(subscriber)
    signal.addEventListener('abort', wake)
    try {
      yield* follow(subscriber, filter, signal)
    } finally {
      subscribers.delete(subscriber)
      signal.removeEventListener('abort', wake)
    }
  }

  return {
    head: () => head,
    hasSubscribers: () => subscribers.size > 0,
    publish,
    subscribe,
    end: failure => {
      ending ??= { failure }
      for (const subscriber of subscribers) subscriber.wake?.()
    },
  }
}

/** The newest events in order of position, dropped from the old end when there are too many or they are too large. */
const createWindow = (start: Position, maxEvents: number) => {
  let entries: (Entry | undefined)[] = []
  /** Entries before this index are dropped but not yet cut off, so that dropping costs nothing per event. */
  let first = 0
  let bytes = 0
  /** Everything after this position is in the window. */
  let after = start

  const restart = (position: Position): void => {
    entries = []
    first = 0
    bytes = 0
    after = position
  }

  const push = (added: readonly Entry[]): void => {
    for (const entry of added) {
      entries.push(entry)
      bytes += entry.bytes
    }
    while (entries.length - first > maxEvents || (bytes > MAX_WINDOW_BYTES && first < entries.length)) {
      const dropped = entries[first]
      if (!dropped) break
      entries[first] = undefined
      first += 1
      bytes -= dropped.bytes
      after = dropped.event.position
    }
    if (first > maxEvents) {
      entries = entries.slice(first)
      first = 0
    }
  }

  /** The index of the first entry beyond `position`. */
  const indexAfter = (position: Position): number => {
    let low = first
    let high = entries.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((entries[middle]?.event.position ?? Infinity) > position) high = middle
      else low = middle + 1
    }
    return low
  }

  const take = (cursor: Position, passes: (category: string) => boolean): Page => {
    const events: RecordedEvent[] = []
    let position = cursor
    let size = 0
    for (let index = indexAfter(cursor); index < entries.length; index++) {
      const entry = entries[index]
      if (!entry || events.length >= MAX_SUBSCRIPTION_BATCH || size >= MAX_ITEM_BYTES) break
      position = entry.event.position
      if (!passes(entry.category)) continue
      events.push(entry.event)
      size += entry.bytes
    }
    return { events, position }
  }

  return { restart, push, take, covers: (cursor: Position): boolean => cursor >= after }
}
