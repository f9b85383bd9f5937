import type { RankComponent } from './component.ts'
import { MILLION, tenToTheShare } from './powers.ts'

const BEST = 18 * MILLION

/** Fuller is better: (20 − (10^free cpu share + 10^free memory share)) / 18, held between 0 and 1. */
export const binpack: RankComponent = {
  name: 'binpack',
  score: prospect => {
    const free =
      tenToTheShare(prospect.freeCpuMhz, prospect.cpuMhz) + tenToTheShare(prospect.freeMemoryMb, prospect.memoryMb)
    const fit = 20 * MILLION - free
    return Math.floor(Math.min(Math.max(fit, 0), BEST) / 18)
  },
}
