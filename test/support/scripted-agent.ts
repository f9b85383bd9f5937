import type { TaskReport } from '../../src/domain/report/events.ts'
import type { AgentMessage, DesiredAllocation, ServerLink, ServerMessage } from '../../src/protocol/client-link.ts'
import { nodeFacts } from './node-facts.ts'

/**
 * A client agent that does what it is told to say: it runs whatever it is given, at once, and calls it healthy. It speaks
 * the link's messages over plain function calls, so that servers are tested without sockets.
 */
export type ScriptedAgent = {
  readonly link: ServerLink
  readonly held: Map<string, DesiredAllocation>
  readonly received: readonly ServerMessage[]
  readonly send: (message: AgentMessage) => void
  readonly reportTask: (
    allocationId: string,
    change: Partial<TaskReport> & { readonly task: string },
    health?: boolean,
  ) => void
  readonly cut: () => void
}

export type ScriptedAgentOptions = {
  readonly nodeId: string
  readonly secret?: string
  /** Called for every allocation that is to run: report what shall be seen. */
  readonly onRun?: (agent: ScriptedAgent, allocation: DesiredAllocation) => void
}

const running = (task: string): TaskReport => ({
  task,
  phase: 'running',
  isFailed: false,
  startNumber: 1,
  restarts: 0,
  startedAt: 1,
  finishedAt: null,
  lastRestartAt: null,
  exitCode: null,
})

export const runHealthily = (agent: ScriptedAgent, allocation: DesiredAllocation): void => {
  for (const group of allocation.job?.groups ?? []) {
    for (const task of group.tasks) agent.reportTask(allocation.allocationId, running(task.name), true)
  }
}

export const createScriptedAgent = (options: ScriptedAgentOptions): ScriptedAgent => {
  const held = new Map<string, DesiredAllocation>()
  const received: ServerMessage[] = []
  let toServer: (message: AgentMessage) => void = () => {}
  let closed: (reason: string) => void = () => {}
  let sequence = 0
  const send = (message: AgentMessage): void => queueMicrotask(() => toServer(message))

  const report = (
    allocations: Extract<AgentMessage, { kind: 'report' }>['report']['allocations'],
    isFull: boolean,
  ): void => {
    sequence += 1
    send({ kind: 'report', report: { bootId: 'boot', sequence, isFull, allocations, requests: [] } })
  }

  const agent: ScriptedAgent = {
    held,
    received,
    send,
    reportTask: (allocationId, change, health) => {
      const deploymentId = held.get(allocationId)?.deploymentId ?? null
      const isHealthy =
        health !== undefined && deploymentId !== null ? { isHealthy: health, at: 1, deploymentId } : null
      const task = { ...running(change.task), ...change }
      report([{ allocationId, tasks: [task], events: [], droppedEvents: 0, health: isHealthy, checks: [] }], false)
    },
    cut: () => closed('cut'),
    link: {
      send: message => {
        received.push(message)
        if (message.kind !== 'desired') return
        for (const allocation of message.allocations) {
          held.set(allocation.allocationId, allocation)
          if (allocation.desired === 'run') options.onRun?.(agent, allocation)
          else stop(allocation)
        }
      },
      bufferedBytes: () => 0,
      onMessage: handler => {
        toServer = handler
        queueMicrotask(() => handler(hello))
        queueMicrotask(() => report([], true))
      },
      onClose: handler => {
        closed = handler
      },
      close: reason => closed(reason),
    },
  }
  const stop = (allocation: DesiredAllocation): void => {
    for (const task of allocation.job?.groups[0]?.tasks ?? []) {
      agent.reportTask(allocation.allocationId, { task: task.name, phase: 'dead', exitCode: 0 })
    }
  }
  const hello: AgentMessage = {
    kind: 'hello',
    protocol: 1,
    nodeId: options.nodeId,
    secret: options.secret ?? 'secret',
    checkpoint: -1,
    node: nodeFacts(),
  }
  return agent
}
