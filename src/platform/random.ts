import { randomBytes } from 'node:crypto'

/** Chance as a parameter: production draws from the system, the simulation from its seed. */
export type Random = {
  /** A float in [0, 1). */
  readonly next: () => number
  /** `count` random bytes. */
  readonly bytes: (count: number) => Uint8Array
}

export const systemRandom: Random = {
  next: () => randomBytes(4).readUInt32BE(0) / 2 ** 32,
  bytes: count => new Uint8Array(randomBytes(count)),
}

/** A small seeded generator (mulberry32). The same seed gives the same sequence on every machine. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, bytes: count => Uint8Array.from({ length: count }, () => Math.floor(next() * 256)) }
}
