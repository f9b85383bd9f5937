import type { Task } from '../../domain/jobspec/schema.ts'
import type { TaskWish } from './next-step.ts'

/** What the order of the lifecycle needs to know of a task. */
export type TaskView = {
  readonly name: string
  readonly lifecycle: Task['lifecycle']
  readonly isLeader: boolean
  readonly phase: 'waiting' | 'pending' | 'running' | 'dead'
  readonly isFailed: boolean
  /** It ran at some time. */
  readonly hasRun: boolean
}

/** Why tasks of an allocation that is still to run are stopped: a task event of its own. */
export type EndCause = 'Sibling Task Failed' | 'Leader Task Dead' | 'Main Tasks Dead'

export type Goal = 'hold' | 'run' | 'linger' | 'end'

export type LifecyclePlan = {
  readonly wishes: ReadonlyMap<string, TaskWish>
  /** Null while the allocation goes on, or when it was told to stop. */
  readonly endCause: EndCause | null
}

const isMain = (task: TaskView): boolean => task.lifecycle === null
const isPoststop = (task: TaskView): boolean => task.lifecycle?.hook === 'poststop'
const isSidecar = (task: TaskView): boolean => task.lifecycle?.isSidecar === true
const isDead = (task: TaskView): boolean => task.phase === 'dead'

const endCauseOf = (tasks: readonly TaskView[]): EndCause | null => {
  const others = tasks.filter(task => !isPoststop(task))
  if (others.some(task => isDead(task) && task.isFailed)) return 'Sibling Task Failed'
  if (tasks.some(task => task.isLeader && isDead(task))) return 'Leader Task Dead'
  return tasks.filter(isMain).every(isDead) ? 'Main Tasks Dead' : null
}

const prestartIsDone = (tasks: readonly TaskView[]): boolean =>
  tasks
    .filter(task => task.lifecycle?.hook === 'prestart')
    .every(task => (isSidecar(task) ? task.hasRun && !isDead(task) : isDead(task) && !task.isFailed))

const wishWhileRunning = (task: TaskView, tasks: readonly TaskView[]): TaskWish => {
  if (task.lifecycle === null) return prestartIsDone(tasks) || task.hasRun ? 'run' : 'hold'
  switch (task.lifecycle.hook) {
    case 'prestart':
      return 'run'
    case 'poststart':
      return tasks.filter(isMain).every(main => main.hasRun) ? 'run' : 'hold'
    case 'poststop':
      return 'hold'
  }
}

/** The leader goes first, then all others at once, sidecars last; each group waits until the one before is dead. */
const stopOrder: readonly ((task: TaskView) => boolean)[] = [
  task => task.isLeader,
  task => !task.isLeader && !isSidecar(task),
  task => !task.isLeader && isSidecar(task),
]

const wishWhileEnding = (task: TaskView, tasks: readonly TaskView[]): TaskWish => {
  const others = tasks.filter(candidate => !isPoststop(candidate))
  const current = stopOrder.find(belongs => others.some(other => belongs(other) && !isDead(other)))
  if (!isPoststop(task)) return current === undefined || current(task) ? 'stop' : 'keep'
  if (current !== undefined) return 'hold'
  // Nothing ran, so there is nothing to tidy up after.
  return others.some(other => other.hasRun) ? 'run' : 'stop'
}

/**
 * What each task of an allocation is to do now: prestart, main, poststart, and poststop when all others are dead.
 * `goal` hold: something outside is waited for; linger: nothing new begins, for a while; end: all of it stops, in order.
 */
export const planLifecycle = (tasks: readonly TaskView[], goal: Goal): LifecyclePlan => {
  const endCause = goal === 'run' ? endCauseOf(tasks) : null
  const wishOf = (task: TaskView): TaskWish => {
    if (goal === 'end' || endCause !== null) return wishWhileEnding(task, tasks)
    if (goal === 'hold') return 'hold'
    return goal === 'linger' ? 'keep' : wishWhileRunning(task, tasks)
  }
  return { wishes: new Map(tasks.map(task => [task.name, wishOf(task)])), endCause }
}
