import type { Clock } from '../platform/clock.ts'
import type { AppendResult, EventStore } from './port.ts'

/** What was seen of appends since the store was opened. */
export type AppendCounts = {
  readonly appended: number
  readonly conflicts: number
  /** Those that threw: refused, or of unknown outcome. */
  readonly failures: number
  /** How long all of them took together. */
  readonly seconds: number
}

export type MeasuredStore = { readonly store: EventStore; readonly counts: () => AppendCounts }

const MS_PER_SECOND = 1_000

/** The same store, with its appends counted and timed. */
export const measureAppends = (store: EventStore, clock: Clock): MeasuredStore => {
  let counts: AppendCounts = { appended: 0, conflicts: 0, failures: 0, seconds: 0 }
  const measured = async <T>(work: () => Promise<T>, resultsOf: (answer: T) => readonly AppendResult[]): Promise<T> => {
    const startedMs = clock.monotonicMs()
    const note = (results: readonly AppendResult[], failures: number): void => {
      const conflicts = results.filter(({ kind }) => kind === 'conflict').length
      counts = {
        appended: counts.appended + results.length - conflicts,
        conflicts: counts.conflicts + conflicts,
        failures: counts.failures + failures,
        seconds: counts.seconds + (clock.monotonicMs() - startedMs) / MS_PER_SECOND,
      }
    }
    try {
      const answer = await work()
      note(resultsOf(answer), 0)
      return answer
    } catch (error) {
      note([], 1)
      throw error
    }
  }
  return {
    counts: () => counts,
    store: {
      ...store,
      append: (...args) =>
        measured(
          () => store.append(...args),
          answer => [answer],
        ),
      appendBatch: appends =>
        measured(
          () => store.appendBatch(appends),
          answer => answer,
        ),
    },
  }
}
