import type { JobState, PendingChild } from '../../domain/cluster/index.ts'
import { evaluationIdOf, jobKey } from '../../domain/ids.ts'
import type { Derivation } from '../../domain/job/index.ts'
import type { Reactor } from './reactor.ts'

/** Registrations derived in one step; the rest follow in the next. */
const MAX_CHILDREN_PER_STEP = 256

const derivationOf = (parent: JobState, child: PendingChild): Derivation => {
  if (child.kind === 'dispatch') {
    const { incarnation, version, instant, meta, payload, priority, tokenDigest } = child.data
    const parentOf = { parentId: parent.jobId, parentIncarnation: incarnation, parentVersion: version }
    return { kind: 'dispatch', ...parentOf, instant, meta, payload, priority, tokenDigest }
  }
  const { incarnation, version, instant } = child
  const parentOf = { parentId: parent.jobId, parentIncarnation: incarnation, parentVersion: version }
  return { kind: 'periodic', ...parentOf, instant, meta: {}, payload: null, priority: null, tokenDigest: null }
}

/**
 * Writes what follows from decisions in other streams: the registration of a launched child, and the revert that a failed
 * deployment decided. Ids and contents come from the decision, so doing it again after a crash changes nothing (I13).
 */
export const childLauncher: Reactor = {
  name: 'child-launcher',
  plan: ({ state, batch }) => {
    let budget = MAX_CHILDREN_PER_STEP
    for (const key of state.jobsWithPendingWork) {
      const parent = state.jobs.get(key)
      if (parent === undefined) continue
      for (const [childId, child] of parent.pendingChildren) {
        if (budget-- <= 0) return
        const evaluationId = child.kind === 'dispatch' ? child.data.evaluationId : child.evaluationId
        batch.derive({
          key: jobKey(parent.namespace, childId),
          commandId: `${child.eventId}:${childId}`,
          command: {
            type: 'RegisterChild',
            data: { jobId: childId, derivation: derivationOf(parent, child), evaluationId },
          },
          causationId: child.eventId,
        })
      }
    }
  },
  nextWake: () => null,
}

export const reverter: Reactor = {
  name: 'reverter',
  plan: ({ state, changed, batch }) => {
    const ids = changed === 'all' ? state.deployments.keys() : changed.deployments
    for (const id of ids) {
      const deployment = state.deployments.get(id)
      if (deployment === undefined || deployment.pendingRevertTo === null) continue
      const job = state.jobs.get(deployment.jobKey)
      if (job === undefined || job.version !== deployment.jobVersion || job.incarnation !== deployment.incarnation)
        continue
      batch.derive({
        key: deployment.jobKey,
        commandId: `revert:${id}`,
        command: {
          type: 'RevertJob',
          data: {
            toVersion: deployment.pendingRevertTo,
            deploymentId: id,
            atRevision: job.revision,
            evaluationId: evaluationIdOf(id, 'deployment-watcher', 'revert'),
          },
        },
        causationId: id,
      })
    }
  },
  nextWake: () => null,
}
