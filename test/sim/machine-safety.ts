import type { ClusterState } from '../../src/domain/cluster/index.ts'
import type { AllocationsReported } from '../../src/domain/report/events.ts'
import { idOfStream } from '../../src/domain/streams.ts'
import type { RecordedEvent } from '../../src/eventstore/port.ts'
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

/** The longest that a server which is up may take to notice that a node is gone: TTL, grace, and faults of its own. */
const NOTICED_WITHIN_MS = 45_000

/** A machine that is down is noticed: its node is not ready for longer than that under a server that has been up as long. */
export const createLossWatch = (machines: readonly SimMachine[]) => {
  const downSince = new Map<string, { readonly nodeId: string; readonly sinceMs: number }>()
  const lastNode = new Map<string, string>()
  return (state: ClusterState, elapsedMs: number, serverUpMs: number): void => {
    for (const machine of machines) {
      if (machine.isUp()) {
        lastNode.set(machine.name, machine.nodeId())
        downSince.delete(machine.name)
        continue
      }
      const down = downSince.get(machine.name) ?? { nodeId: lastNode.get(machine.name) ?? '', sinceMs: elapsedMs }
      downSince.set(machine.name, down)
      const silentMs = Math.min(elapsedMs - down.sinceMs, serverUpMs)
      if (silentMs > NOTICED_WITHIN_MS && state.nodes.get(down.nodeId)?.status === 'ready') {
        throw new Violation(`node ${machine.name} has been down for ${silentMs} ms and nobody noticed`)
      }
    }
  }
}

/** What a server acknowledges is in the log by then (protocol, `report`): no crash between the two loses what an agent saw. */
export const createAcknowledgementWatch = (log: readonly RecordedEvent[]) => {
  const recorded = new Set<string>()
  const broken: string[] = []
  let seen = 0
  const catchUp = (): void => {
    for (; seen < log.length; seen++) {
      const { type, data } = log[seen] ?? {}
      if (type !== 'AllocationsReported') continue
      const { bootId, sequence } = data as AllocationsReported['data']
      recorded.add(`${bootId}/${sequence}`)
    }
  }
  return {
    acknowledged: (bootId: string, sequence: number): void => {
      catchUp()
      if (!recorded.has(`${bootId}/${sequence}`)) broken.push(`report ${sequence} of boot ${bootId}`)
    },
    check: (): void => {
      const [first] = broken
      if (first !== undefined) throw new Violation(`I6: ${first} was acknowledged before it was recorded`)
    },
  }
}

/** What an agent tells of a task is told once (I5): a report that is sent again is known as the same one. */
export const taskEventWatcher = (): Watcher => {
  const told = new Map<string, string>()
  return {
    after: event => {
      if (event.type !== 'AllocationsReported') return
      for (const { allocationId, events } of event.data.allocations) {
        for (const taskEvent of events) {
          const key = `${allocationId} ${JSON.stringify(taskEvent)}`
          const earlier = told.get(key)
          told.set(key, event.id)
          if (earlier !== undefined && earlier !== event.id)
            throw new Violation(`I5: task event "${taskEvent.type}" of ${allocationId} was told twice`)
        }
      }
    },
  }
}

/** Every start of a task that runs was told of, once: no event is lost with a link or an agent, none is told twice. */
export const createStartCounter = (): Watcher & {
  readonly check: (machines: readonly SimMachine[], state: ClusterState) => void
} => {
  const started = new Map<string, number>()
  return {
    after: event => {
      if (event.type !== 'AllocationsReported') return
      for (const { allocationId, events } of event.data.allocations) {
        for (const { task, type } of events) {
          if (type !== 'Started') continue
          const key = `${allocationId}/${task}`
          started.set(key, (started.get(key) ?? 0) + 1)
        }
      }
    },
    check: (machines, state) => {
      const up = new Set(machines.filter(machine => machine.isUp()).map(machine => machine.nodeId()))
      for (const allocation of state.allocations.values()) {
        if (!up.has(allocation.nodeId)) continue
        for (const task of allocation.tasks.values()) {
          const count = started.get(`${allocation.id}/${task.task}`) ?? 0
          const isTold = task.phase !== 'running' || count > 0
          if (isTold && count <= task.startNumber) continue
          throw new Violation(
            `task ${allocation.name}/${task.task} is at start ${task.startNumber} (${task.phase}) and was told to have started ${count} times`,
          )
        }
      }
    },
  }
}
