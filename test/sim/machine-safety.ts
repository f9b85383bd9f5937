import type { ClusterState } from '../../src/domain/cluster/index.ts'
import { idOfStream } from '../../src/domain/streams.ts'
import type { SimMachine } from './machine.ts'
import { Violation, type Watcher } from './oracle.ts'

/** Takes the id of a start apart: `<allocation>/<task>/<number>`. */
export const startOf = (id: string): { readonly allocationId: string; readonly task: string } => {
  const [allocationId = '', task = ''] = id.split('/')
  return { allocationId, task }
}

/** I8: a task outlives its agent; only one that its machine lost, or whose driver failed, is not found again. */
export const createSurvivalWatcher = (machines: readonly SimMachine[]): Watcher => ({
  after: event => {
    if (event.type !== 'AllocationsReported') return
    const machine = machines.find(one => one.nodeId() === idOfStream(event.stream))
    if (machine === undefined || machine.hasLostTasks()) return
    for (const { allocationId, events } of event.data.allocations) {
      const lost = events.find(({ type }) => type === 'Failed Restoring Task')
      if (lost !== undefined)
        throw new Violation(
          `I8: task ${allocationId}/${lost.task} ran on, but the agent that started again on ${machine.name} did not find it`,
        )
    }
  },
})

/**
 * What must hold on the machines themselves at any moment, whatever servers and agents are up: a task has one running start
 * at most, and no two allocations whose tasks run there were given the same port.
 */
export const checkMachines = (machines: readonly SimMachine[], state: ClusterState): void => {
  for (const machine of machines) {
    const starts = new Map<string, string>()
    const ports = new Map<number, string>()
    for (const id of machine.tasks()) {
      const { allocationId, task } = startOf(id)
      const key = `${allocationId}/${task}`
      const other = starts.get(key)
      if (other !== undefined)
        throw new Violation(`S7: two starts of a task run on ${machine.name} at once: ${other} and ${id}`)
      starts.set(key, id)
      for (const port of state.allocations.get(allocationId)?.ports ?? []) {
        const owner = ports.get(port)
        if (owner !== undefined && owner !== allocationId) {
          throw new Violation(
            `S1: tasks of ${owner} and ${allocationId} run on ${machine.name} with port ${port} at once`,
          )
        }
        ports.set(port, allocationId)
      }
    }
  }
}
