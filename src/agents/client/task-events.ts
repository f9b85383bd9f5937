import type { TaskEvent } from '../../domain/report/events.ts'
import { formatGoDuration } from '../../lang/goflags/duration.ts'
import type { DriverEvent, ExitResult } from './drivers/driver.ts'
import type { EndCause } from './lifecycle.ts'
import { cut } from './limits.ts'

/** A task event before it is dated and given to its task. Types are Nomad's words; users look for them. */
export type TaskNote = Pick<TaskEvent, 'type' | 'message' | 'details'>

const note = (type: string, message: string, details: Readonly<Record<string, string>> = {}): TaskNote => ({
  type,
  message: cut(message),
  details,
})

const seconds = (ms: number): string => formatGoDuration(ms)

export const received = note('Received', 'Task received by client')
export const taskSetup = note('Task Setup', 'Building Task Directory')
export const started = note('Started', 'Task started by client')
export const killed = note('Killed', 'Task successfully killed')

export const setupFailure = (message: string): TaskNote => note('Setup Failure', message, { setup_error: cut(message) })

export const failedValidation = (problems: readonly string[]): TaskNote =>
  note('Failed Validation', problems.join('; '), { validation_error: cut(problems.join('; ')) })

export const driverProgress = (event: DriverEvent): TaskNote =>
  note('Driver', event.message, { driver_message: cut(event.message), ...event.details })

export const driverFailure = (message: string): TaskNote =>
  note('Driver Failure', message, { driver_error: cut(message) })

export const terminated = (exit: ExitResult): TaskNote => {
  const signal = exit.signal === 0 ? '' : `, Signal: ${exit.signal}`
  const error = exit.error ?? exit.circumstances ?? (exit.isOomKilled ? 'OOM Killed' : '')
  return note('Terminated', `Exit Code: ${exit.exitCode}${signal}${error === '' ? '' : `, Exit Message: "${error}"`}`, {
    exit_code: String(exit.exitCode),
    signal: String(exit.signal),
    oom_killed: String(exit.isOomKilled),
    ...(error === '' ? {} : { exit_message: cut(error) }),
  })
}

export const restarting = (reason: string, delayMs: number): TaskNote =>
  note('Restarting', `${reason} - Task restarting in ${seconds(delayMs)}`, {
    restart_reason: reason,
    start_delay: String(delayMs),
  })

export const notRestarting = (reason: string): TaskNote =>
  note('Not Restarting', reason, { restart_reason: reason, fails_task: 'true' })

export const restartSignaled = (reason: string): TaskNote =>
  note('Restart Signaled', reason, { restart_reason: cut(reason) })

export const signaling = (signal: string, reason: string): TaskNote =>
  note('Signaling', `Task being sent signal ${signal}${reason === '' ? '' : `: ${reason}`}`, {
    task_signal: signal,
    task_signal_reason: reason,
  })

export const killing = (timeoutMs: number, reason: string): TaskNote =>
  note('Killing', `Sent interrupt. Waiting ${seconds(timeoutMs)} before force killing`, {
    kill_timeout: seconds(timeoutMs),
    ...(reason === '' ? {} : { kill_reason: cut(reason) }),
  })

export const killFailed = (message: string, retryMs: number): TaskNote =>
  note('Killing', `The task could not be stopped: ${message}. Trying again in ${seconds(retryMs)}`, {
    kill_error: cut(message),
  })

const endMessages: Record<EndCause, string> = {
  'Sibling Task Failed': "Task's sibling failed",
  'Leader Task Dead': 'Leader Task in Group dead',
  'Main Tasks Dead': 'Main tasks in the group died',
}

export const ending = (cause: EndCause, culprit: string): TaskNote =>
  culprit === ''
    ? note(cause, endMessages[cause])
    : note(cause, `${endMessages[cause]}: ${culprit}`, { failed_sibling: culprit })

export const waitingForShutdownDelay = (delayMs: number): TaskNote =>
  note('Waiting for shutdown delay', `Waiting for shutdown_delay of ${seconds(delayMs)} before killing the task.`)

export const skippingShutdownDelay: TaskNote = note('Skipping shutdown delay', 'Skipping shutdown_delay, as was asked.')

const NAMED_DEPENDENCIES = 3

export const missingDependencies = (names: readonly string[]): TaskNote => {
  const named = names.slice(0, NAMED_DEPENDENCIES).join(', ')
  const rest = names.length - NAMED_DEPENDENCIES
  return note('Template', `Missing: ${named}${rest > 0 ? ` and ${rest} more` : ''}`)
}

export const templateFailure = (message: string): TaskNote =>
  note('Template', message, { template_error: cut(message) })

export const templateSkipped = (what: string): TaskNote =>
  note('Template', `A template was rendered again, but the task does not run: ${what} was left out`)

export const failedRestoring = note(
  'Failed Restoring Task',
  'The task did not survive the restart of the agent; it will not run until a server has been contacted',
)

export const allocUnhealthy = (reason: string): TaskNote => note('Alloc Unhealthy', reason)

export const hookFailed = (message: string): TaskNote => note('Task hook failed', message)

/** A note given to a task at an instant. */
export const eventOf = (task: string, at: number, taskNote: TaskNote): TaskEvent => ({ task, at, ...taskNote })
