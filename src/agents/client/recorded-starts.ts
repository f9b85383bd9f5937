import type { AllocationRunner } from './alloc-runner.ts'
import { startId } from './build-task-start.ts'

/** The ids of all starts that are on record and not over; whatever else carries this node's label is nobody's. */
export const recordedStarts = (runners: Iterable<AllocationRunner>): ReadonlySet<string> => {
  const ids = new Set<string>()
  for (const runner of runners) {
    for (const task of runner.tasks().values()) {
      const { phase, startNumber } = task.record()
      if (phase.kind !== 'dead') ids.add(startId(runner.id, task.name, startNumber))
    }
  }
  return ids
}
