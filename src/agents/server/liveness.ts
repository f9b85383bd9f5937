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
  /** It said that it leaves, so nobody waits for it until it is heard again. */
  readonly left: (nodeId: string) => void
  readonly hasLeft: (nodeId: string) => boolean
  /** ms since the node was heard; counted from the start of listening for one that never was. */
  readonly silentMs: (nodeId: string) => number
  readonly isHeard: (nodeId: string) => boolean
  /** ms for which the node has been heard without a gap longer than TTL + grace; 0 for one that never was. */
  readonly steadyMs: (nodeId: string) => number
  readonly restart: () => void
}

type Heard = { readonly firstMs: number; readonly lastMs: number }

export const createLiveness = (clock: Clock, rules: HeartbeatRules = DEFAULT_HEARTBEATS): Liveness => {
  const ttlMs = (nodes: number): number => Math.max(rules.minTtlMs, Math.ceil((nodes / rules.maxPerSecond) * 1_000))
  const heard = new Map<string, Heard>()
  const gone = new Set<string>()
  let since = clock.monotonicMs()
  const limitMs = (nodes: number): number => ttlMs(nodes) + rules.graceMs
  return {
    ttlMs,
    limitMs,
    heard: nodeId => {
      const lastMs = clock.monotonicMs()
      const before = heard.get(nodeId)
      const isSteady = before !== undefined && lastMs - before.lastMs <= limitMs(heard.size)
      gone.delete(nodeId)
      heard.set(nodeId, { firstMs: isSteady ? before.firstMs : lastMs, lastMs })
    },
    left: nodeId => {
      heard.delete(nodeId)
      gone.add(nodeId)
    },
    hasLeft: nodeId => gone.has(nodeId),
    silentMs: nodeId => clock.monotonicMs() - (heard.get(nodeId)?.lastMs ?? since),
    isHeard: nodeId => heard.has(nodeId),
    steadyMs: nodeId => {
      const one = heard.get(nodeId)
      return one === undefined ? 0 : one.lastMs - one.firstMs
    },
    restart: () => {
      since = clock.monotonicMs()
    },
  }
}
