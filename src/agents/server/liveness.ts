import type { Clock } from '../../platform/clock.ts'

/** A node that was not heard from for TTL + grace is judged down (nomad-behaviour §3.9). */
export const MIN_HEARTBEAT_TTL_MS = 10_000
export const HEARTBEAT_GRACE_MS = 10_000
/** Heartbeats that all servers take a second; with more nodes the TTL grows. */
export const MAX_HEARTBEATS_PER_S = 1_000

export const heartbeatTtlMs = (nodes: number): number =>
  Math.max(MIN_HEARTBEAT_TTL_MS, Math.ceil((nodes / MAX_HEARTBEATS_PER_S) * 1_000))

/**
 * When each node was last heard from, by the monotonic clock: not events, and gone with the process. What nobody has heard
 * since this server began to listen counts from then on.
 */
export type Liveness = {
  readonly heard: (nodeId: string) => void
  readonly forget: (nodeId: string) => void
  /** ms since the node was heard; counted from the start of listening for one that never was. */
  readonly silentMs: (nodeId: string) => number
  readonly isHeard: (nodeId: string) => boolean
  readonly restart: () => void
}

export const createLiveness = (clock: Clock): Liveness => {
  const last = new Map<string, number>()
  let since = clock.monotonicMs()
  return {
    heard: nodeId => last.set(nodeId, clock.monotonicMs()),
    forget: nodeId => last.delete(nodeId),
    silentMs: nodeId => clock.monotonicMs() - (last.get(nodeId) ?? since),
    isHeard: nodeId => last.has(nodeId),
    restart: () => {
      since = clock.monotonicMs()
    },
  }
}
