import { jobAntiAffinity } from './anti-affinity.ts'
import { binpack } from './binpack.ts'
import type { Prospect, RankComponent } from './component.ts'
import { nodeReschedulePenalty } from './reschedule-penalty.ts'

export type { Prospect } from './component.ts'

/** All parts of a score; a new one is a file and a line here. */
export const rankComponents: readonly RankComponent[] = [binpack, jobAntiAffinity, nodeReschedulePenalty]

/** The mean of the parts that are present, in millionths, rounded down. */
export const finalScore = (prospect: Prospect): number => {
  let sum = 0
  let present = 0
  for (const component of rankComponents) {
    const score = component.score(prospect)
    if (score === null) continue
    sum += score
    present += 1
  }
  return present === 0 ? 0 : Math.floor(sum / present)
}

/** The parts by name, as they are recorded with a placement. */
export const namedScores = (prospect: Prospect): Readonly<Record<string, number>> => {
  const named: Record<string, number> = {}
  for (const component of rankComponents) {
    const score = component.score(prospect)
    if (score !== null) named[component.name] = score
  }
  return named
}
