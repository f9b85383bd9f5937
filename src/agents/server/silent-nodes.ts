import type { ClusterState, NodeState } from '../../domain/cluster/index.ts'
import type { NodeJudgement } from '../../domain/control/events.ts'
import type { Liveness } from './liveness.ts'

/**
 * Judges one node by its heartbeats. Two things are no ordinary losses:
 *
 * - A storm: when so many nodes fall silent together, the fault is more likely between them and the servers than in each of
 *   them. They are judged disconnected: nothing new is placed there and nothing is replaced, until the nodes come back or
 *   have been silent for so long that the loss is taken for real.
 * - A flapping node, which is down again and again: before it is ready it must be heard for a while without a gap, longer
 *   each time, so that what is evaluated for it stays bounded.
 */

/** More than this share of the nodes, and at least so many, silent together are a storm. */
export const STORM_SHARE = 0.3
export const STORM_MIN_NODES = 3
/** Nodes judged down not longer ago than this count as part of what goes on. */
export const STORM_WINDOW_MS = 60_000
/** A node that stays silent for longer than this beyond its limit is down, storm or not: Nomad's grace after a failover. */
export const STORM_PAUSE_MS = 300_000
/** How far back a node's losses count when it comes back. */
export const FLAP_WINDOW_MS = 600_000
/** A node that was down twice must be heard for so long, then twice as long for each further time. */
export const FIRST_STEADY_MS = 10_000
export const MAX_STEADY_MS = 300_000

export type Judged = { readonly nodeId: string; readonly judgement: NodeJudgement; readonly cause: string }

export type Silence = {
  readonly limitMs: number
  /** How many are silent or were just lost, and of how many; null when it is no storm. */
  readonly storm: { readonly lost: number; readonly nodes: number } | null
}

/** A clock that was set meanwhile must not make a loss of long ago a new one, or one to come. */
const isWithin = (windowMs: number, now: number) => (at: number) => Math.abs(now - at) <= windowMs

/** What is silent now, taken together. A node that said that it leaves is no part of it. */
export const surveySilence = (state: ClusterState, liveness: Liveness, now: number): Silence => {
  const limitMs = liveness.limitMs(state.nodes.size)
  const isRecent = isWithin(STORM_WINDOW_MS, now)
  let lost = 0
  let nodes = 0
  for (const node of state.nodes.values()) {
    if (liveness.hasLeft(node.id)) continue
    const isJustLost = node.status === 'down' && node.recentDowns.slice(-1).some(isRecent)
    if (node.status === 'down' && !isJustLost) continue
    nodes += 1
    if (isJustLost || liveness.silentMs(node.id) > limitMs) lost += 1
  }
  const isStorm = lost >= STORM_MIN_NODES && lost > STORM_SHARE * nodes
  return { limitMs, storm: isStorm ? { lost, nodes } : null }
}

/** How long a node must be heard without a gap before it is ready again. */
export const steadyMsFor = (node: NodeState, now: number): number => {
  const downs = node.recentDowns.filter(isWithin(FLAP_WINDOW_MS, now)).length
  return downs < 2 ? 0 : Math.min(MAX_STEADY_MS, FIRST_STEADY_MS * 2 ** (downs - 2))
}

const seconds = (ms: number): number => Math.round(ms / 1_000)

const judgeSilent = (node: NodeState, silentMs: number, { limitMs, storm }: Silence): Judged | null => {
  if (node.status === 'down') return null
  const heard = `no heartbeat for ${seconds(silentMs)} s`
  if (storm === null || silentMs > limitMs + STORM_PAUSE_MS) return { nodeId: node.id, judgement: 'down', cause: heard }
  if (node.status === 'disconnected') return null
  const together = `one of ${storm.lost} nodes of ${storm.nodes} that fell silent together`
  const cause = `${heard}, ${together}: nothing is replaced before ${seconds(STORM_PAUSE_MS)} s have passed`
  return { nodeId: node.id, judgement: 'disconnected', cause }
}

const judgeHeard = (node: NodeState, liveness: Liveness, now: number): Judged | null => {
  // A node that comes back is ready after its first full report (design §3).
  if (node.status === 'ready' || !liveness.isHeard(node.id) || node.lastFullReportPosition < 0) return null
  if (liveness.steadyMs(node.id) < steadyMsFor(node, now)) return null
  return { nodeId: node.id, judgement: 'ready', cause: 'heard again, with a full report' }
}

/** What is to be recorded of the node now, null when nothing is. */
export const judgeNode = (node: NodeState, liveness: Liveness, silence: Silence, now: number): Judged | null => {
  if (liveness.hasLeft(node.id)) {
    return node.status === 'down' ? null : { nodeId: node.id, judgement: 'down', cause: 'its agent left' }
  }
  const silentMs = liveness.silentMs(node.id)
  return silentMs > silence.limitMs ? judgeSilent(node, silentMs, silence) : judgeHeard(node, liveness, now)
}
