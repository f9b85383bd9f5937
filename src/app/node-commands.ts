import type { DomainEvent } from '../domain/events.ts'
import { uuidOf } from '../domain/ids.ts'
import { fullSignalName } from '../domain/signal-name.ts'
import { configStream, nodeStream } from '../domain/streams.ts'
import { AppError } from '../platform/errors.ts'
import type { Caller, Commands, Outcome } from './api-commands.ts'
import { CATCH_UP_TIMEOUT_MS } from './catch-up.ts'
import { encode } from './codec.ts'
import { type CommandKit, reject, rejectionOf } from './command-kit.ts'
import { appendToNode } from './node-streams.ts'

/** A restart or signal that its node has not done by then is refused there as expired, ms. */
export const TASK_REQUEST_TTL_MS = 60_000

type NodeCommands = Pick<Commands, 'restartAllocation' | 'signalAllocation' | 'setNodeEligibility' | 'collectGarbage'>

/** What is asked of a node, of a task on it, or of the whole cluster. */
export const createNodeCommands = ({ store, view, clock, provenanceOf, decided }: CommandKit): NodeCommands => {
  const askTask = async (
    input: { readonly allocationId: string; readonly task: string },
    caller: Caller,
    eventOf: (request: { readonly requestId: string; readonly expiresAt: number }) => DomainEvent,
  ): Promise<Outcome<{ readonly position: number; readonly requestId: string }>> => {
    const allocation = view.state.allocations.get(input.allocationId)
    if (allocation === undefined) return rejectionOf({ code: 'ALLOCATION_NOT_FOUND', allocationId: input.allocationId })
    const running = Array.from(allocation.tasks.values()).filter(task => task.phase === 'running')
    if (input.task !== '' && !allocation.tasks.has(input.task))
      return reject('TASK_NOT_FOUND', `allocation ${input.allocationId} has no task "${input.task}"`)
    if (!running.some(task => input.task === '' || task.task === input.task))
      return reject('TASK_NOT_RUNNING', 'no task of the allocation that is meant runs')
    const requestId = uuidOf('request', caller.commandId)
    const position = await appendToNode(store, view, {
      nodeId: allocation.nodeId,
      stream: nodeStream(allocation.nodeId),
      revisionOf: node => node?.revision ?? -1,
      id: requestId,
      event: eventOf({ requestId, expiresAt: clock.now() + TASK_REQUEST_TTL_MS }),
      provenance: provenanceOf(caller),
    })
    return { kind: 'done', position, requestId }
  }

  /** The start that is meant: the one that runs now, so that a late request does not hit its successor. */
  const startOf = (allocationId: string, task: string): number | null =>
    task === '' ? null : (view.state.allocations.get(allocationId)?.tasks.get(task)?.startNumber ?? null)

  const restartAllocation: Commands['restartAllocation'] = (input, caller) =>
    askTask(input, caller, request => ({
      type: 'TaskRestartRequested',
      data: {
        ...request,
        allocationId: input.allocationId,
        task: input.task,
        startNumber: startOf(input.allocationId, input.task),
      },
    }))

  /** The signals of the node that an allocation is on; null where the node does not say. */
  const signalsFor = (allocationId: string): readonly string[] | null => {
    const { allocations, nodes } = view.state
    const node = nodes.get(allocations.get(allocationId)?.nodeId ?? '')
    return node?.attributes['os.signals']?.split(',') ?? null
  }

  const signalAllocation: Commands['signalAllocation'] = async (input, caller) => {
    const signal = fullSignalName(input.signal)
    if (signalsFor(input.allocationId)?.includes(signal) === false) {
      return reject('SIGNAL_UNKNOWN', `the node of allocation ${input.allocationId} has no signal "${input.signal}"`, {
        hint: 'name one such as SIGHUP, SIGUSR1 or SIGKILL',
      })
    }
    return askTask(input, caller, request => ({
      type: 'TaskSignalRequested',
      data: {
        ...request,
        allocationId: input.allocationId,
        task: input.task,
        signal,
        startNumber: startOf(input.allocationId, input.task),
      },
    }))
  }

  const setNodeEligibility: Commands['setNodeEligibility'] = async ({ nodeId, isEligible }, caller) => {
    const node = view.state.nodes.get(nodeId)
    if (node === undefined) return reject('NODE_NOT_FOUND', `there is no node ${nodeId}`)
    if (node.isEligible === isEligible) return { kind: 'done', position: view.state.position }
    const position = await appendToNode(store, view, {
      nodeId,
      stream: nodeStream(nodeId),
      revisionOf: current => current?.revision ?? -1,
      id: uuidOf('eligibility', caller.commandId),
      event: { type: 'NodeEligibilitySet', data: { isEligible } },
      provenance: provenanceOf(caller),
    })
    return { kind: 'done', position }
  }

  const collectGarbage: Commands['collectGarbage'] = async (_, caller) => {
    const requestId = uuidOf('collection', caller.commandId)
    const event = encode(requestId, { type: 'CollectionRequested', data: { requestId } }, provenanceOf(caller))
    const result = await store.append(configStream('cluster'), 'any', [event])
    if (result.kind === 'conflict')
      throw new AppError('CONTENDED', 'the collection could not be asked for', { hint: 'try again' })
    await view.reached(result.position, CATCH_UP_TIMEOUT_MS)
    await decided('the collection', () => !view.state.collectionRequests.has(requestId))
    return { kind: 'done', position: view.state.position }
  }

  return { restartAllocation, signalAllocation, setNodeEligibility, collectGarbage }
}
