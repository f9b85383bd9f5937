import type { Random } from './random.ts'

export type Backoff = { readonly firstMs: number; readonly maxMs: number }

/** The delay in ms before try number `attempt` (zero-based): doubles up to `maxMs`, with up to half of it taken off by chance. */
export const backoffDelayMs = (backoff: Backoff, attempt: number, random: Random): number => {
  const full = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempt, 30))
  return Math.round(full * (1 - random.next() / 2))
}
