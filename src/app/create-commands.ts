import { jobKey, uuidOf } from '../domain/ids.ts'
import type { Caller, Commands, Rejected } from './api-commands.ts'
import {
  type Accepted,
  type CommandKit,
  type CommandsOptions,
  createCommandKit,
  evaluationIn,
  priorityRejected,
  rejectionOf,
} from './command-kit.ts'
import { createLaunchCommands } from './launch-commands.ts'
import { createNodeCommands } from './node-commands.ts'
import { createRegistrationCommands } from './registration-commands.ts'

/** What ends a job, or has it looked at again. */
const createJobCommands = ({ view, run }: CommandKit): Pick<Commands, 'stopJob' | 'evaluateJob' | 'stopAllocation'> => {
  type StopInput = Parameters<Commands['stopJob']>[0]

  const endOne = (key: string, jobId: string, input: StopInput, caller: Caller): Promise<Rejected | Accepted> => {
    const priority = input.evaluationPriority ?? null
    const data = {
      jobId,
      evaluationId: uuidOf('evaluation', caller.commandId, key),
      ...(priority === null ? {} : { evaluationPriority: priority }),
      skipsShutdownDelay: input.skipsShutdownDelay === true,
    }
    return run(key, input.purges ? { type: 'PurgeJob', data } : { type: 'StopJob', data }, caller)
  }

  const stopJob: Commands['stopJob'] = async (input, caller) => {
    const wrongPriority = priorityRejected(input.evaluationPriority)
    if (wrongPriority !== null) return wrongPriority
    const key = jobKey(input.namespace, input.jobId)
    const children = input.stopsChildren ? Array.from(view.state.jobs.get(key)?.children ?? []) : []
    const result = await endOne(key, input.jobId, input, caller)
    if (result.kind === 'rejected') return result
    let { position } = result
    const stoppedChildren: string[] = []
    for (const childKey of children) {
      const child = view.state.jobs.get(childKey)
      if (child === undefined || child.status === 'purged') continue
      const ended = await endOne(childKey, child.jobId, input, {
        ...caller,
        commandId: `${caller.commandId}:${childKey}`,
      })
      if (ended.kind === 'rejected') continue
      position = Math.max(position, ended.position)
      stoppedChildren.push(child.jobId)
    }
    return { kind: 'done', position, evaluationId: evaluationIn(result.events), stoppedChildren }
  }

  const evaluateJob: Commands['evaluateJob'] = async (input, caller) => {
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const data = { jobId: input.jobId, evaluationId, forcesReschedule: input.forcesReschedule }
    const result = await run(jobKey(input.namespace, input.jobId), { type: 'ForceEvaluation', data }, caller)
    return result.kind === 'rejected' ? result : { kind: 'done', position: result.position, evaluationId }
  }

  const stopAllocation: Commands['stopAllocation'] = async ({ allocationId, skipsShutdownDelay }, caller) => {
    const allocation = view.state.allocations.get(allocationId)
    if (allocation === undefined) return rejectionOf({ code: 'ALLOCATION_NOT_FOUND', allocationId })
    const evaluationId = uuidOf('evaluation', caller.commandId)
    const result = await run(
      allocation.jobKey,
      {
        type: 'StopAllocation',
        data: { allocationId, evaluationId, ...(skipsShutdownDelay === true ? { skipsShutdownDelay } : {}) },
      },
      caller,
    )
    return result.kind === 'rejected' ? result : { kind: 'done', position: result.position, evaluationId }
  }

  return { stopJob, evaluateJob, stopAllocation }
}

/** Everything that the API can ask for. */
export const createCommands = (options: CommandsOptions): Commands => {
  const kit = createCommandKit(options)
  return {
    ...createRegistrationCommands(kit),
    ...createJobCommands(kit),
    ...createLaunchCommands(kit),
    ...createNodeCommands(kit),
  }
}
