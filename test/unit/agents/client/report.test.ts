import { describe, expect, it } from 'vitest'
import { MAX_TASK_EVENTS_WAITING } from '../../../../src/agents/client/limits.ts'
import { mergeChanges, noChanges, type PendingChanges, takeReport } from '../../../../src/agents/client/report.ts'
import { MAX_ALLOCATIONS_PER_REPORT, MAX_TASK_EVENTS_PER_REPORT } from '../../../../src/domain/limits.ts'
import { buildTaskReport } from '../../../support/builders.ts'

const events = (count: number, from = 1): PendingChanges => ({
  ...noChanges,
  events: Array.from({ length: count }, (_, index) => ({
    number: from + index,
    event: { task: 'web', type: 'Driver', at: 0, message: '', details: {} },
  })),
})
const pendingOf = (count: number, changes = events(1)): Map<string, PendingChanges> =>
  new Map(Array.from({ length: count }, (_, index) => [`a${index}`, changes] as const))

describe('a report', () => {
  it('holds tasks as they were last seen and all events in order', () => {
    const first = { ...events(2), tasks: new Map([['web', buildTaskReport('web', { phase: 'pending' })]]) }
    const second = { ...events(1, 3), tasks: new Map([['web', buildTaskReport('web')]]) }
    const taken = takeReport(new Map([['a', mergeChanges(first, second)]]))
    expect(taken.allocations[0]?.tasks).toMatchObject([{ phase: 'running' }])
    expect(taken.allocations[0]?.events).toHaveLength(3)
    expect(taken.lastEvents).toEqual({ a: 3 })
    expect(taken.rest.size).toBe(0)
  })

  it.each([MAX_TASK_EVENTS_PER_REPORT - 1, MAX_TASK_EVENTS_PER_REPORT, MAX_TASK_EVENTS_PER_REPORT + 1])(
    'leaves what is over the limit of events for the next one (%i)',
    count => {
      const taken = takeReport(new Map([['a', events(count)]]))
      expect(taken.allocations[0]?.events).toHaveLength(Math.min(count, MAX_TASK_EVENTS_PER_REPORT))
      expect(taken.rest.get('a')?.events.length ?? 0).toBe(Math.max(0, count - MAX_TASK_EVENTS_PER_REPORT))
    },
  )

  it.each([MAX_ALLOCATIONS_PER_REPORT, MAX_ALLOCATIONS_PER_REPORT + 1])('holds so many allocations (%i)', count => {
    const taken = takeReport(pendingOf(count))
    expect(taken.allocations).toHaveLength(MAX_ALLOCATIONS_PER_REPORT)
    expect(taken.rest.size).toBe(count - MAX_ALLOCATIONS_PER_REPORT)
  })

  it('counts events that were too many to keep, the oldest first', () => {
    const merged = mergeChanges(events(MAX_TASK_EVENTS_WAITING), events(2, MAX_TASK_EVENTS_WAITING + 1))
    expect(merged.events).toHaveLength(MAX_TASK_EVENTS_WAITING)
    expect(merged.events[0]?.number).toBe(3)
    expect(merged.dropped).toBe(2)
    expect(mergeChanges(events(MAX_TASK_EVENTS_WAITING), noChanges).dropped).toBe(0)
  })
})
