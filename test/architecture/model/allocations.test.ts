import { describe, expect, it } from 'vitest'
import type { ObservedStatus } from '../../../src/domain/cluster/index.ts'
import { reportStream } from '../../../src/domain/streams.ts'
import { buildAllocation, buildJobState, buildNode, buildState, buildTaskReport } from '../../support/builders.ts'
import { arrowsOf, fold, names, spec, statusesIn, step } from '../../support/diagrams.ts'
import { buildReport, reported } from '../../support/history.ts'

describe('the diagram of an allocation', () => {
  const statuses = { pending: true, running: true, complete: true, failed: true } as const satisfies Record<
    ObservedStatus,
    true
  >
  const phases = ['pending', 'running', 'dead'] as const
  const task = (name: string, phase: (typeof phases)[number], isFailed: boolean, startNumber: number) =>
    buildTaskReport(name, { phase, isFailed, startNumber })

  const reports = [1, 2].flatMap(start =>
    phases.flatMap(one =>
      phases.flatMap(two =>
        [false, true].map(isFailed => [
          task('one', one, isFailed && one === 'dead', start),
          task('two', two, false, start),
        ]),
      ),
    ),
  )

  const steps = new Set(
    reports.flatMap(first =>
      reports.map(second => {
        const job = buildJobState(spec)
        const node = buildNode('n', { reportBootId: '', reportSequence: -1 })
        const allocation = buildAllocation(job, node, { observed: 'pending' })
        const state = buildState({ jobs: [job], nodes: [node], allocations: [allocation] })
        fold(state, reportStream(node.id), reported(0, [buildReport(allocation.id, { tasks: first })]))
        const from = allocation.observed
        fold(state, reportStream(node.id), reported(1, [buildReport(allocation.id, { tasks: second })]))
        return step(from, 'AllocationsReported', allocation.observed)
      }),
    ),
  )

  it('has every status and no other', () => {
    expect(statusesIn('## Allocation')).toEqual(names(statuses))
  })

  it('has only steps that the fold makes of reports', () => {
    const drawn = arrowsOf('## Allocation').filter(({ from }) => from !== '[*]')
    expect(drawn.length).toBeGreaterThan(5)
    const missing = drawn.filter(({ from, to }) => !steps.has(step(from, 'AllocationsReported', to)))
    expect(missing).toEqual([])
  })
})
