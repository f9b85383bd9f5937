import type { NodeState } from '../../cluster/index.ts'
import type { Job } from '../../jobspec/schema.ts'
import { passes } from './check.ts'
import type { Refusal } from './refusal.ts'

/** The pool that stands for every pool. */
const ALL_POOLS = 'all'
const MAX_PATTERN_LENGTH = 256

/**
 * Matches a datacenter glob: `*` any run, `?` any one character. Runs in time proportional to pattern × text (one mark to
 * fall back to), so no pattern can stall the scheduler.
 */
export const matchesGlob = (pattern: string, text: string): boolean => {
  if (pattern.length > MAX_PATTERN_LENGTH) return false
  let at = 0
  let star = -1
  let mark = 0
  let place = 0
  while (place < text.length) {
    const wanted = pattern[at]
    if (wanted === '*') {
      star = at
      at += 1
      mark = place
    } else if (wanted === '?' || wanted === text[place]) {
      at += 1
      place += 1
    } else if (star >= 0) {
      at = star + 1
      mark += 1
      place = mark
    } else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}

export const isInPool = (job: Job, nodePool: string): boolean => job.nodePool === ALL_POOLS || nodePool === job.nodePool

export const isInDatacenters = (job: Job, datacenter: string): boolean =>
  job.datacenters.some(pattern => matchesGlob(pattern, datacenter))

export const isReady = (node: NodeState): boolean => node.status === 'ready' && node.isEligible

const unavailable = (check: string, reason: string, needs: string): Refusal => ({
  check,
  kind: 'unavailable',
  reason,
  needs: () => needs,
})

const notReady = (node: NodeState): Refusal =>
  node.status === 'ready'
    ? unavailable('node', 'node is not eligible', `node ${node.name} made eligible again`)
    : unavailable('node', `node is ${node.status}`, `node ${node.name} back (it is ${node.status})`)

/** Why a job may not use a node at all: its state, its pool, its datacenter. */
export const refuseUnavailable = (job: Job, node: NodeState): readonly Refusal[] => {
  const refused: Refusal[] = []
  if (!isReady(node)) refused.push(notReady(node))
  if (!isInPool(job, node.nodePool)) {
    refused.push(unavailable('pool', `not in node pool ${job.nodePool}`, `a node in node pool ${job.nodePool}`))
  }
  if (!isInDatacenters(job, node.datacenter)) {
    const names = job.datacenters.join(', ')
    refused.push(unavailable('datacenter', `not in datacenters ${names}`, `a node in datacenter ${names}`))
  }
  return refused.length === 0 ? passes : refused
}
