import { messageOf } from '../../platform/errors.ts'
import type { TaskRequest } from '../../protocol/client-link.ts'
import type { AllocationRunner } from './alloc-runner.ts'
import type { RequestOutcome } from './report.ts'
import type { TaskRunner } from './task-runner.ts'

const RESTART_REASON = 'User requested task to restart'
const SIGNAL_REASON = 'User requested a signal'

type Outcome = Omit<RequestOutcome, 'requestId'>

const failed = (message: string): Outcome => ({ outcome: 'failed', message })
const expired = (message: string): Outcome => ({ outcome: 'expired', message })
const done: Outcome = { outcome: 'done', message: '' }

/** The tasks that a request means, or why it means none. */
const tasksOf = (request: TaskRequest, runner: AllocationRunner): readonly TaskRunner[] | Outcome => {
  const running = [...runner.tasks().values()].filter(task => task.record().phase.kind === 'running')
  if (request.task === '') return running.length > 0 ? running : failed('no task of the allocation runs')
  const task = runner.tasks().get(request.task)
  if (task === undefined) return failed(`the allocation has no task ${JSON.stringify(request.task)}`)
  const { startNumber } = task.record()
  if (request.startNumber !== null && request.startNumber !== startNumber) {
    return expired(`it meant start ${request.startNumber} of the task, which is at start ${startNumber}`)
  }
  return running.includes(task) ? [task] : failed(`task ${JSON.stringify(request.task)} does not run`)
}

const isOutcome = (value: readonly TaskRunner[] | Outcome): value is Outcome => 'outcome' in value

/**
 * Does what a user asked of running tasks, once: a restart is pinned to the start that runs now. Expires by the server's
 * time, which travels with the request. Never throws.
 */
export const doRequest = async (
  request: TaskRequest,
  serverTime: number,
  runner: AllocationRunner | undefined,
): Promise<RequestOutcome> => {
  const { requestId } = request
  if (request.expiresAt <= serverTime) return { requestId, ...expired('it came too late') }
  if (runner === undefined) return { requestId, ...failed('this node does not hold the allocation') }
  const tasks = tasksOf(request, runner)
  if (isOutcome(tasks)) return { requestId, ...tasks }
  try {
    for (const task of tasks) {
      if (request.kind === 'signal') await task.signal(request.signal, SIGNAL_REASON)
      else await task.restart(RESTART_REASON, false)
    }
    return { requestId, ...done }
  } catch (error) {
    return { requestId, ...failed(messageOf(error)) }
  }
}
