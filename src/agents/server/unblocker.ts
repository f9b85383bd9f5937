import type { EvaluationState } from '../../domain/cluster/index.ts'
import { unblocks } from '../../domain/scheduler/index.ts'
import type { Logger } from '../../platform/logger.ts'
import { failureOf } from './deliveries.ts'
import { stackOf } from './describe-bug.ts'
import type { Reactor } from './reactor.ts'

/**
 * Puts blocked evaluations back to work when something happened that may give them room (nomad-behaviour §3.3). One that
 * the scheduler throws on fails at once: to try again is its follow-up's part.
 */
export const createUnblocker = (logger: Logger): Reactor => ({
  name: 'unblocker',
  plan: ({ state, changed, now, batch }) => {
    const failures: ReturnType<typeof failureOf>[] = []
    const hasRoom = (evaluation: EvaluationState): boolean => {
      try {
        return unblocks(state, evaluation, changed)
      } catch (error) {
        const fields = { evalId: evaluation.id, jobId: evaluation.jobKey, error: stackOf(error) }
        logger.error(fields, 'evaluation failed: the scheduler cannot answer it')
        failures.push(failureOf(evaluation, { error, tries: 'room for it could not be looked for', now }))
        return false
      }
    }
    const evaluationIds = Array.from(state.blocked).filter(id => {
      const evaluation = state.evaluations.get(id)
      return evaluation !== undefined && hasRoom(evaluation)
    })
    if (failures.length > 0) batch.add({ type: 'EvaluationsFailed', data: { failures } })
    if (evaluationIds.length === 0) return
    batch.add({ type: 'EvaluationsUnblocked', data: { evaluationIds, cause: 'room may be there now' } })
  },
  nextWake: () => null,
})
