import { unblocks } from '../../domain/scheduler/index.ts'
import type { Reactor } from './reactor.ts'

/** Puts blocked evaluations back to work when something happened that may give them room (nomad-behaviour §3.3). */
export const unblocker: Reactor = {
  name: 'unblocker',
  plan: ({ state, changed, batch }) => {
    if (state.blocked.size === 0) return
    const evaluationIds = Array.from(state.blocked).filter(id => {
      const evaluation = state.evaluations.get(id)
      return evaluation !== undefined && unblocks(state, evaluation, changed)
    })
    if (evaluationIds.length === 0) return
    batch.add({ type: 'EvaluationsUnblocked', data: { evaluationIds, cause: 'room may be there now' } })
  },
  nextWake: () => null,
}
