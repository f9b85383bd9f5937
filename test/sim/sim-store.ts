import { createMemoryStore } from '../../src/eventstore/memory.ts'
import type { EventStore, RecordedEvent } from '../../src/eventstore/port.ts'
import { AppError } from '../../src/platform/errors.ts'
import type { Chance } from './chance.ts'
import type { SimProcess } from './sim-process.ts'
import type { SimTime } from './virtual-clock.ts'

/**
 * What becomes of one append. `crash-…` kills the server before or after the commit; `unknown-…` answers that nobody knows;
 * `refused` answers a conflict with an event that the store then loses itself, as a cluster may that changes its leader.
 */
export type StoreFault = 'crash-before' | 'crash-after' | 'unknown-before' | 'unknown-after' | 'refused'

/** The memory store behind a wire that takes time, with faults that the simulation arms. It outlives every server. */
export type SimStore = {
  readonly openFor: (server: SimProcess) => EventStore
  /** The next append of whichever server goes wrong in this way. */
  readonly arm: (fault: StoreFault) => void
  /** From now on until released, `server` sees no event. */
  readonly holdSubscription: (server: SimProcess, forMs: number) => void
  /** From now on, for so long, appends take their time, each its own. */
  readonly stall: (forMs: number) => void
  readonly disarm: () => void
  /** True when nothing that `server` asked for is under way, and nothing keeps it from seeing or writing what it wants. */
  readonly isQuiet: (server: SimProcess) => boolean
  /** Called with each event as it comes into the log. */
  readonly onEvent: (listener: (event: RecordedEvent) => void) => void
  readonly log: readonly RecordedEvent[]
}

const MAX_LATENCY_MS = 5
const MAX_STALL_MS = 3_000
/** How often an append takes time at all, so that most runs stay short. */
const LATENCY_PROBABILITY = 0.3
/** Appends that one instant may hold: more is a server that spins. */
const MAX_APPENDS_PER_INSTANT = 2_000

const deadError = (server: SimProcess): AppError => new AppError('STORE_CLOSED', `${server.name} is dead`)

export const createSimStore = (time: SimTime, chance: Chance): SimStore => {
  let armed: StoreFault | null = null
  let commit: number | 'all' = 'all'
  const inner = createMemoryStore({ commitBatch: () => commit })
  const log: RecordedEvent[] = []
  const held = new Map<SimProcess, number>()
  const underWay = new Map<SimProcess, number>()
  const listeners: ((event: RecordedEvent) => void)[] = []
  let stalledUntil = 0
  let instant = -1
  let appends = 0

  const follow = async (): Promise<void> => {
    for await (const item of inner.subscribe(-1, 'all', new AbortController().signal)) {
      if (item.kind !== 'events') continue
      for (const event of item.events) {
        log.push(event)
        for (const listener of listeners) listener(event)
      }
    }
  }
  void follow()

  const pass = (delayMs: number): Promise<void> =>
    new Promise(resolve => {
      time.after(delayMs, resolve)
    })

  const wire = async (): Promise<void> => {
    if (stalledUntil > time.elapsedMs()) await pass(chance.integer(0, MAX_STALL_MS))
    else if (chance.isHit(LATENCY_PROBABILITY)) await pass(chance.integer(0, MAX_LATENCY_MS))
  }

  const count = (): void => {
    if (time.elapsedMs() !== instant) appends = 0
    instant = time.elapsedMs()
    appends += 1
    if (appends > MAX_APPENDS_PER_INSTANT) throw new Error(`${appends} appends in one instant: a server spins`)
  }

  const takeFault = (): StoreFault | null => {
    const fault = armed
    armed = null
    return fault
  }

  const refusal = (stream: string): { readonly kind: 'conflict'; readonly actual: number | 'no-stream' } => ({
    kind: 'conflict',
    actual: log.findLast(event => event.stream === stream)?.revision ?? 'no-stream',
  })

  const guarded = async <T>(server: SimProcess, run: () => Promise<T>, refused: (() => T) | null): Promise<T> => {
    underWay.set(server, (underWay.get(server) ?? 0) + 1)
    try {
      return await faulty(server, run, refused)
    } finally {
      underWay.set(server, (underWay.get(server) ?? 1) - 1)
    }
  }

  const faulty = async <T>(server: SimProcess, run: () => Promise<T>, refused: (() => T) | null): Promise<T> => {
    if (!server.isAlive()) throw deadError(server)
    count()
    const fault = takeFault()
    await wire()
    // What a dying server had sent may arrive or not.
    if (!server.isAlive() && chance.isHit(0.5)) throw deadError(server)
    if (fault === 'crash-before') server.kill()
    if (fault === 'crash-before') throw deadError(server)
    if (fault === 'refused' && refused !== null) return refused()
    if (fault === 'unknown-before') commit = 0
    if (fault === 'unknown-after') commit = 1
    let result: T
    try {
      result = await run()
    } finally {
      commit = 'all'
    }
    if (fault === 'crash-after') server.kill()
    await wire()
    if (!server.isAlive()) throw deadError(server)
    return result
  }

  const openFor: SimStore['openFor'] = server => {
    const stopped = new AbortController()
    server.onKill(() => stopped.abort())

    async function* subscribe(...[after, filter, signal]: Parameters<EventStore['subscribe']>) {
      const either = AbortSignal.any([signal, stopped.signal])
      for await (const item of inner.subscribe(after, filter, either)) {
        for (let until = held.get(server) ?? 0; until > time.elapsedMs(); until = held.get(server) ?? 0) {
          await pass(until - time.elapsedMs())
        }
        if (!server.isAlive() || signal.aborted) return
        yield item
      }
    }

    return {
      append: (stream, expected, events) =>
        guarded(
          server,
          () => inner.append(stream, expected, events),
          // What is not there yet cannot have been in the way.
          typeof expected === 'number' ? () => refusal(stream) : null,
        ),
      appendBatch: appends => guarded(server, () => inner.appendBatch(appends), null),
      read: inner.read,
      subscribe,
      keepNewest: inner.keepNewest,
      head: inner.head,
      close: async () => {},
    }
  }

  return {
    openFor,
    arm: fault => {
      armed = fault
    },
    holdSubscription: (server, forMs) => void held.set(server, time.elapsedMs() + forMs),
    stall: forMs => {
      stalledUntil = time.elapsedMs() + forMs
    },
    disarm: () => {
      armed = null
      stalledUntil = 0
      held.clear()
    },
    isQuiet: server =>
      (underWay.get(server) ?? 0) === 0 &&
      stalledUntil <= time.elapsedMs() &&
      (held.get(server) ?? 0) <= time.elapsedMs(),
    onEvent: listener => void listeners.push(listener),
    log,
  }
}
