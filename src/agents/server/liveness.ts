import type { Clock } from '../../platform/clock.ts'

/** A node that was not heard from for TTL + grace is judged down (nomad-behaviour §3.9). */
export type HeartbeatRules = {
  readonly minTtlMs: number
  readonly graceMs: number
  /** Heartbeats that all servers take a second; with more nodes the TTL grows. */
  readonly maxPerSecond: number
}

export const DEFAULT_HEARTBEATS: HeartbeatRules = { minTtlMs: 10_000, graceMs: 10_000, maxPerSecond: 1_000 }

/**
 * When each node was last heard from, by the monotonic clock: not events, and gone with the process. What nobody has heard
 * since this server began to listen counts from then on.
 */
export type Liveness = {
  /** Within how many ms each of so many nodes has to be heard. */
  readonly ttlMs: (nodes: number) => number
  /** After how many ms of silence a node is down. */
  readonly limitMs: (nodes: number) => number
  readonly heard: (nodeId: string) => void
  readonly forget: (nodeId: string) => void
  /** ms since the node was heard; counted from the start of listening for one that never was. */
  readonly silentMs: (nodeId: string) => number
  readonly isHeard: (nodeId: string) => boolean
  readonly restart: () => void
}

export const createLiveness = (clock: Clock, rules: HeartbeatRules = DEFAULT_HEARTBEATS): Liveness => {
  const ttlMs = (nodes: number): number => Math.max(rules.minTtlMs, Math.ceil((nodes / rules.maxPerSecond) * 1_000))
  const last = new Map<string, number>()
  let since = clock.monotonicMs()
  return {
    ttlMs,
    limitMs: nodes => ttlMs(nodes) + rules.graceMs,
    heard: nodeId => last.set(nodeId, clock.monotonicMs()),
    forget: nodeId => last.delete(nodeId),
    silentMs: nodeId => clock.monotonicMs() - (last.get(nodeId) ?? since),
    isHeard: nodeId => last.has(nodeId),
    restart: () => {
      since = clock.monotonicMs()
    },
  }
}
