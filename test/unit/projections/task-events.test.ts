import { expect, it } from 'vitest'
import { MAX_TASK_EVENTS_KEPT } from '../../../src/domain/limits.ts'
import { reportStream } from '../../../src/domain/streams.ts'
import { T0 } from '../../support/builders.ts'
import { buildReport, openReadModel, reported } from '../../support/history.ts'
import { NODE_ID, writeWeb } from '../../support/web-history.ts'

/** The newest events of a task, newest first, after it had `number` of them, of which two stand in the history already. */
const shownOf = (number: number): readonly string[] => {
  const { history, allocations } = writeWeb()
  const events = Array.from({ length: number - 2 }, (_, index) => ({
    task: 'server',
    type: 'Restarting',
    at: T0 + 10_000 + index,
    message: `restart ${index}`,
    details: {},
  }))
  history.record(reportStream(NODE_ID), reported(2, [buildReport(allocations[0], { events })]))
  const { model, follow } = openReadModel()
  follow(history.events)
  const key = model.views.allocations.get(allocations[0], 'now')?.key ?? -1
  const rows = model.views.taskEvents(key, 'server', 'now', MAX_TASK_EVENTS_KEPT + 10)
  model.close()
  return rows.map(row => row.message)
}

it.each([MAX_TASK_EVENTS_KEPT - 1, MAX_TASK_EVENTS_KEPT])('all of %i events of a task are shown', number => {
  expect(shownOf(number)).toHaveLength(number)
  expect(shownOf(number).at(-1)).toBe('Task received by client')
})

it('of one more than the limit the oldest is left out', () => {
  const shown = shownOf(MAX_TASK_EVENTS_KEPT + 1)
  expect(shown).toHaveLength(MAX_TASK_EVENTS_KEPT)
  expect(shown[0]).toBe(`restart ${MAX_TASK_EVENTS_KEPT - 2}`)
  expect(shown.at(-1)).toBe('Task started by client')
})
