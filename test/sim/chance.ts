import { type Random, seededRandom } from '../../src/platform/random.ts'

/** Choices drawn from a seed. Every part of the world has a stream of its own, so that one more draw here moves nothing there. */
export type Chance = {
  readonly random: Random
  /** An integer from `low` to `high`, both included. */
  readonly integer: (low: number, high: number) => number
  readonly isHit: (probability: number) => boolean
  readonly pick: <T>(values: readonly T[]) => T | undefined
  readonly fork: (name: string) => Chance
}

const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

export const createChance = (seed: number): Chance => {
  const random = seededRandom(seed)
  const integer = (low: number, high: number): number => low + Math.floor(random.next() * (high - low + 1))
  return {
    random,
    integer,
    isHit: probability => random.next() < probability,
    pick: values => (values.length === 0 ? undefined : values[integer(0, values.length - 1)]),
    fork: name => createChance((Math.imul(seed, 0x9e3779b1) ^ hashOf(name)) >>> 0),
  }
}
