import type { RankComponent } from './component.ts'
import { MILLION } from './powers.ts'

/** Keeps allocations of one group apart: −(k + 1) / count where k of them are on the node already. */
export const jobAntiAffinity: RankComponent = {
  name: 'job-anti-affinity',
  score: ({ sameGroup, desired }) =>
    sameGroup === 0 ? null : -Math.floor(((sameGroup + 1) * MILLION) / Math.max(desired, 1)),
}
