import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planLifecycle, type TaskView } from '../../../../src/agents/client/lifecycle.ts'

const lifecycles: fc.Arbitrary<TaskView['lifecycle']> = fc.option(
  fc.record({
    hook: fc.constantFrom('prestart' as const, 'poststart' as const, 'poststop' as const),
    isSidecar: fc.boolean(),
  }),
)

const views: fc.Arbitrary<readonly TaskView[]> = fc
  .array(fc.record({ lifecycle: lifecycles, isLeader: fc.boolean(), fails: fc.boolean() }), { maxLength: 5 })
  .map(list => [
    { lifecycle: null, isLeader: false, fails: false },
    ...list.map(one => ({ ...one, isLeader: one.isLeader && one.lifecycle === null })),
  ])
  .map(list =>
    list.map((one, index) => ({
      name: `task-${index}`,
      lifecycle: one.lifecycle,
      isLeader: one.isLeader,
      phase: 'waiting' as const,
      isFailed: one.fails,
      hasRun: false,
    })),
  )

/** Moves every task one step as its wish says: what runs and has an end ends, what is stopped dies. */
const advance = (tasks: readonly TaskView[], goal: 'run' | 'end'): readonly TaskView[] => {
  const { wishes } = planLifecycle(tasks, goal)
  return tasks.map(task => {
    const wish = wishes.get(task.name)
    const hasEnd = task.lifecycle !== null && !task.lifecycle.isSidecar
    if (task.phase === 'dead') return task
    if (wish === 'stop' || (wish === 'keep' && task.phase === 'waiting'))
      return { ...task, phase: 'dead', isFailed: false }
    if (wish !== 'run') return task
    if (task.phase === 'waiting') return { ...task, phase: 'running', hasRun: true }
    return hasEnd ? { ...task, phase: 'dead' } : task
  })
}

const settle = (first: readonly TaskView[], goal: 'run' | 'end'): readonly TaskView[] => {
  let tasks = first
  for (let turn = 0; turn < 30; turn += 1) tasks = advance(tasks, goal)
  return tasks
}

const neverFailing = (tasks: readonly TaskView[]): readonly TaskView[] =>
  tasks.map(task => ({ ...task, isFailed: false }))

describe('the order of the life cycle', () => {
  it('brings every main task up when nothing fails', () => {
    fc.assert(
      fc.property(views, tasks => {
        const settled = settle(neverFailing(tasks), 'run')
        for (const task of settled) if (task.lifecycle === null) expect(task.phase).toBe('running')
      }),
    )
  })

  it('ends every task once it is to end, from wherever it is', () => {
    fc.assert(
      fc.property(views, fc.nat({ max: 6 }), (tasks, turns) => {
        let current: readonly TaskView[] = neverFailing(tasks)
        for (let turn = 0; turn < turns; turn += 1) current = advance(current, 'run')
        for (const task of settle(current, 'end')) {
          if (task.lifecycle?.hook === 'poststop' && task.lifecycle.isSidecar) continue
          expect(task.phase).toBe('dead')
        }
      }),
    )
  })

  it('never runs a main task while a prestart task with an end is still to end', () => {
    fc.assert(
      fc.property(views, first => {
        let tasks: readonly TaskView[] = neverFailing(first)
        for (let turn = 0; turn < 10; turn += 1) {
          tasks = advance(tasks, 'run')
          const isPrestarting = tasks.some(
            task => task.lifecycle?.hook === 'prestart' && !task.lifecycle.isSidecar && task.phase !== 'dead',
          )
          if (isPrestarting) expect(tasks.some(task => task.lifecycle === null && task.hasRun)).toBe(false)
        }
      }),
    )
  })
})
