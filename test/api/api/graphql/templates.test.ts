import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Derivation } from '../../../../src/domain/job/events.ts'
import { jobStream } from '../../../../src/domain/streams.ts'
import { openApi, type TestApi } from '../../../support/api.ts'
import { buildBatchGroup, buildJob, noMetrics } from '../../../support/builders.ts'
import { jobRegistered, planCommitted } from '../../../support/history.ts'

let api: TestApi
beforeEach(() => {
  api = openApi({ overrides: { nextLaunch: () => 77_000 } })
})
afterEach(() => api.close())

const periodic = { isEnabled: true, crons: ['*/3 * * * * * *'], prohibitsOverlap: true, timeZone: 'UTC' }

const derived = (parentId: string, kind: Derivation['kind'], meta: Record<string, string>): Derivation => ({
  kind,
  parentId,
  parentIncarnation: 0,
  parentVersion: 0,
  instant: 5_000,
  meta,
  payload: null,
  priority: null,
  tokenDigest: kind === 'dispatch' ? 'digest' : null,
})

const launch = (childId: string, derivation: Derivation): void => {
  const evaluationId = `00000000-0000-4000-8000-${String(api.history.events.length).padStart(12, '0')}`
  api.history.record(jobStream('default', childId), jobRegistered({ spec: null, derivation, evaluationId }))
}

describe('a template', () => {
  test('by schedule shows its next launch and the jobs that it launched, newest first', async () => {
    const spec = buildJob({ id: 'nightly', type: 'batch', groups: [buildBatchGroup()], periodic, meta: { a: '1' } })
    api.history.record(jobStream('default', 'nightly'), jobRegistered({ spec }))
    launch('nightly/periodic-5', derived('nightly', 'periodic', {}))
    launch('nightly/periodic-8', derived('nightly', 'periodic', { b: '2' }))
    api.settle()
    const document = `{ job(id: "nightly") { ... on Job { status isPeriodic periodic { nextLaunch crons prohibitsOverlap }
      children { pending running dead } launchedJobs(first: 5) { nodes { id parentId periodic { nextLaunch } meta { name value } launch { kind instant } } } } } }`
    const { data, errors } = await api.query(document)
    expect(errors).toEqual([])
    expect(data.job).toMatchObject({
      status: 'running',
      isPeriodic: true,
      periodic: { nextLaunch: 77_000, crons: periodic.crons, prohibitsOverlap: true },
      children: { pending: 2, running: 0, dead: 0 },
    })
    expect(data.job.launchedJobs.nodes).toEqual([
      {
        id: 'nightly/periodic-8',
        parentId: 'nightly',
        periodic: null,
        meta: [
          { name: 'a', value: '1' },
          { name: 'b', value: '2' },
        ],
        launch: { kind: 'periodic', instant: 5_000 },
      },
      {
        id: 'nightly/periodic-5',
        parentId: 'nightly',
        periodic: null,
        meta: [{ name: 'a', value: '1' }],
        launch: { kind: 'periodic', instant: 5_000 },
      },
    ])
  })

  test('that was stopped launches nothing any more', async () => {
    const spec = buildJob({ id: 'nightly', type: 'batch', groups: [buildBatchGroup()], periodic })
    api.history.record(jobStream('default', 'nightly'), jobRegistered({ spec }))
    api.history.record(jobStream('default', 'nightly'), {
      type: 'JobStopped',
      data: { incarnation: 0, evaluationId: null },
    })
    api.settle()
    const { data } = await api.query(
      '{ job(id: "nightly") { ... on Job { status isStopped periodic { nextLaunch } } } }',
    )
    expect(data.job).toEqual({ status: 'dead', isStopped: true, periodic: { nextLaunch: null } })
  })

  test('by dispatch says what it takes; a child runs its version, whatever the template became', async () => {
    const parameterized = { payload: 'forbidden', metaRequired: ['budget'], metaOptional: [] } as const
    const spec = buildJob({ id: 'setup', type: 'batch', groups: [buildBatchGroup()], parameterized })
    api.history.record(jobStream('default', 'setup'), jobRegistered({ spec }))
    launch('setup/dispatch-1', derived('setup', 'dispatch', { budget: '200' }))
    api.history.record(
      jobStream('default', 'setup'),
      jobRegistered({ spec: { ...spec, groups: [buildBatchGroup({ name: 'other' })] }, version: 1 }),
    )
    api.settle()
    const { data, errors } = await api.query(`{
      job(id: "setup") { ... on Job { isParameterized parameterized { payload metaRequired metaOptional } groups { name } } }
      child: job(id: "setup/dispatch-1") { ... on Job { name groups { name } launch { kind hasIdempotencyToken meta { name value } } } }
      jobs(parentId: "setup") { nodes { id } }
    }`)
    expect(errors).toEqual([])
    expect(data.job).toEqual({ isParameterized: true, parameterized, groups: [{ name: 'other' }] })
    expect(data.child).toEqual({
      name: 'setup/dispatch-1',
      groups: [{ name: 'app' }],
      launch: { kind: 'dispatch', hasIdempotencyToken: true, meta: [{ name: 'budget', value: '200' }] },
    })
    expect(data.jobs.nodes).toEqual([{ id: 'setup/dispatch-1' }])
  })
})

test('what cannot be placed is shown with its reasons while an evaluation waits for room', async () => {
  const evaluationId = '00000000-0000-4000-8000-00000000000a'
  const blockedEvaluationId = '00000000-0000-4000-8000-00000000000b'
  api.history.record(jobStream('default', 'web'), jobRegistered({ evaluationId }))
  const metrics = {
    ...noMetrics,
    nodesInPool: 1,
    nodesEvaluated: 1,
    nodesFiltered: 1,
    constraintFiltered: { 'missing drivers': 1 },
    dimensionExhausted: { memory: 2, cpu: 1 },
  }
  const unplaced = [{ group: 'app', count: 1, metrics, unblockedBy: ['a node with driver "docker"'] }]
  api.history.record('control', planCommitted({ evaluationId, unplaced, queued: { app: 1 }, blockedEvaluationId }))
  api.settle()
  const failure = `latestPlacementFailure { id status placementFailures { group count unblockedBy
    metrics { nodesFiltered constraintFiltered { name count } dimensionExhausted { name count } } } }`
  const { data, errors } = await api.query(`{
    job(id: "web") { ... on Job { status ${failure} summary { queued } } }
    evaluation(id: "${evaluationId}") { ... on Evaluation { status blockedEvaluationId isPlanned relatedEvaluations { id } placementFailures { group } } }
  }`)
  expect(errors).toEqual([])
  expect(data.job).toMatchObject({ status: 'pending', summary: [{ queued: 1 }] })
  expect(data.job.latestPlacementFailure).toEqual({
    id: blockedEvaluationId,
    status: 'blocked',
    placementFailures: [
      {
        group: 'app',
        count: 1,
        unblockedBy: ['a node with driver "docker"'],
        metrics: {
          nodesFiltered: 1,
          constraintFiltered: [{ name: 'missing drivers', count: 1 }],
          dimensionExhausted: [
            { name: 'cpu', count: 1 },
            { name: 'memory', count: 2 },
          ],
        },
      },
    ],
  })
  expect(data.evaluation).toMatchObject({
    status: 'complete',
    isPlanned: true,
    blockedEvaluationId,
    relatedEvaluations: [{ id: blockedEvaluationId }],
    placementFailures: [{ group: 'app' }],
  })
  api.history.record('control', {
    type: 'EvaluationsCancelled',
    data: { evaluationIds: [blockedEvaluationId], reason: 'test' },
  })
  api.settle()
  expect((await api.query(`{ job(id: "web") { ... on Job { ${failure} } } }`)).data.job).toEqual({
    latestPlacementFailure: null,
  })
})
