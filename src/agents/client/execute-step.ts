import type { Step } from './next-step.ts'
import { finish, judge } from './steps/judge.ts'
import { prepare } from './steps/prepare.ts'
import { begin, recover, start } from './steps/start.ts'
import { abandon, discard, kill, restart } from './steps/stop.ts'
import type { StepContext } from './task-context.ts'

/**
 * One executor for every step that does something; a step without one does not compile. Each may run twice: it looks at
 * the record first, writes intents down before it acts, and returns when the record says what came of it.
 */
export type StepExecutors = {
  readonly [K in Exclude<Step['kind'], 'wait'>]: (context: StepContext) => Promise<void>
}

export const executors: StepExecutors = {
  prepare,
  begin,
  start,
  recover,
  kill,
  restart,
  abandon,
  discard,
  judge,
  finish,
}
