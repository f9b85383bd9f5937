import type { RankComponent } from './component.ts'
import { MILLION } from './powers.ts'

/** Nodes where earlier attempts failed are the last resort. */
export const nodeReschedulePenalty: RankComponent = {
  name: 'node-reschedule-penalty',
  score: ({ isPenalised }) => (isPenalised ? -MILLION : null),
}
