import { type Clock, sleep } from '../../../platform/clock.ts'
import { shareByKey } from '../drivers/share-by-key.ts'
import { MAX_USAGE_SPAN_MS, MIN_USAGE_SPAN_MS } from '../limits.ts'

/** Two readings of the same counters; what was used in between is their difference. */
export type Span<R> = { readonly before: R; readonly after: R }

export type Spans<R> = {
  /**
   * The newest span of `key`: from the last reading, where that is not too long ago, else from one that is made first.
   * Undefined when `read` answers undefined. Many who ask at once share one answer.
   */
  readonly of: (key: string, read: () => Promise<R | undefined>) => Promise<Span<R> | undefined>
}

/** Readings are kept no longer than a span may be, so there are no more than tasks that ran in that time. */
export const createSpans = <R>(clock: Clock): Spans<R> => {
  const last = new Map<string, { readonly atMs: number; readonly reading: R }>()
  const share = shareByKey<Span<R> | undefined>()

  const forgetOld = (nowMs: number): void => {
    for (const [key, { atMs }] of last) if (nowMs - atMs > MAX_USAGE_SPAN_MS) last.delete(key)
  }

  const take = async (key: string, read: () => Promise<R | undefined>): Promise<R | undefined> => {
    const reading = await read()
    if (reading === undefined) last.delete(key)
    else last.set(key, { atMs: clock.monotonicMs(), reading })
    return reading
  }

  const measure = async (key: string, read: () => Promise<R | undefined>): Promise<Span<R> | undefined> => {
    forgetOld(clock.monotonicMs())
    const before = last.get(key)?.reading ?? (await take(key, read))
    if (before === undefined) return undefined
    const sinceMs = clock.monotonicMs() - (last.get(key)?.atMs ?? 0)
    if (sinceMs < MIN_USAGE_SPAN_MS) await sleep(clock, MIN_USAGE_SPAN_MS - sinceMs)
    const after = await take(key, read)
    return after === undefined ? undefined : { before, after }
  }

  return { of: (key, read) => share(key, () => measure(key, read)) }
}
