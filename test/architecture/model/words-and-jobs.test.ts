import { describe, expect, it } from 'vitest'
import type { ClusterState, JobState } from '../../../src/domain/cluster/index.ts'
import { schemaOf } from '../../../src/domain/events.ts'
import { decideJob, type JobCommand } from '../../../src/domain/job/index.ts'
import { CONTROL_STREAM, jobStream } from '../../../src/domain/streams.ts'
import { buildJobState, buildState } from '../../support/builders.ts'
import { eventsIn, fold, model, names, sorted, spec, statusesIn, step, stepsOf } from '../../support/diagrams.ts'
import { sectionOf, tableOf } from '../../support/documents.ts'
import { readTree } from '../../support/source-tree.ts'

describe('the words of docs/model.md', () => {
  it('stand there once each', () => {
    const words = tableOf(model, 'word').flatMap(([cell = '']) => cell.split(', '))
    expect(words.length).toBeGreaterThan(20)
    expect(words.filter((word, index) => words.indexOf(word) !== index)).toEqual([])
  })

  it('tell which events nothing writes yet', () => {
    const written = new Set(
      readTree('src')
        .filter(file => !file.path.endsWith('/events.ts'))
        .flatMap(file => Array.from(file.text.matchAll(/\btype: '(\w+)'/g), match => match[1] ?? '')),
    )
    const unwritten = Object.keys(schemaOf).filter(type => !written.has(type))
    expect(sorted(eventsIn(sectionOf(model, '## Known, not used yet')))).toEqual(unwritten.toSorted())
  })
})

describe('the diagram of a job', () => {
  const statuses = { registered: true, stopped: true, purged: true } as const satisfies Record<JobState['status'], true>

  const commands: readonly JobCommand[] = [
    {
      type: 'RegisterJob',
      data: { spec: { ...spec, priority: 60 }, evaluationId: 'e', source: null, message: '', checkIndex: null },
    },
    { type: 'StopJob', data: { jobId: 'web', evaluationId: 'e' } },
    { type: 'PurgeJob', data: { jobId: 'web', evaluationId: 'e' } },
    { type: 'ForceEvaluation', data: { jobId: 'web', evaluationId: 'e', forcesReschedule: false } },
    { type: 'RevertJob', data: { toVersion: 0, deploymentId: 'd', atRevision: 0, evaluationId: 'e' } },
  ]

  const stateWith = (status: JobState['status'] | null): ClusterState => {
    // Whatever is not registered has had one event more since.
    const revision = status === 'registered' ? 0 : 1
    return buildState({ jobs: status === null ? [] : [buildJobState(spec, { status, revision })] })
  }

  const decided = [null, 'registered', 'stopped', 'purged'] as const
  const steps = decided.flatMap(from =>
    commands.flatMap(command => {
      const decision = decideJob(stateWith(from).jobs.get('default/web'), command)
      if (decision.kind === 'rejected') return []
      return decision.events.flatMap(event => {
        const state = stateWith(from)
        fold(state, jobStream('default', 'web'), event)
        const to = state.jobs.get('default/web')?.status ?? 'none'
        return to === from ? [] : [step(from ?? '[*]', event.type, to)]
      })
    }),
  )

  const collected = (['registered', 'stopped'] as const).map(from => {
    const state = stateWith(from)
    const items = [{ kind: 'job', id: 'default/web', position: 0 }] as const
    fold(state, CONTROL_STREAM, { type: 'Collected', data: { items } })
    return step(from, 'Collected', state.jobs.get('default/web')?.status ?? 'none')
  })

  it('has every status and no other', () => {
    expect(statusesIn('## Job')).toEqual(names(statuses))
  })

  it('has every step that a command or the collector can make, and no other', () => {
    expect(stepsOf('## Job')).toEqual(sorted([...steps, ...collected]))
  })
})
