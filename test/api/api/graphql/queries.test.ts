import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { JobSource } from '../../../../src/app/api-commands.ts'
import { jobStream } from '../../../../src/domain/streams.ts'
import { AppError } from '../../../../src/platform/errors.ts'
import { openApi, type TestApi } from '../../../support/api.ts'
import { buildJob, T0 } from '../../../support/builders.ts'
import { createHistory, jobRegistered } from '../../../support/history.ts'
import { DEPLOYMENT_ID, EVALUATION_ID, NODE_ID, type WebHistory, writeWeb } from '../../../support/web-history.ts'

let web: WebHistory
let api: TestApi
beforeEach(() => {
  web = writeWeb()
  api = openApi({ history: web.history })
  api.settle()
})
afterEach(() => api.close())

describe('a job', () => {
  const document = `query ($id: String!, $at: Moment) { job(id: $id, at: $at) { __typename
    ... on Unresolved { code message candidates { kind id namespace name } }
    ... on Job { id name type priority datacenters nodePool status isStopped version submittedAt modifyIndex isPeriodic
      summary { group queued starting running failed complete lost unknown }
      latestDeployment { id status groups { group desiredTotal placed healthy unhealthy requireProgressBy } }
      allocations(first: 10) { nodes { id nodeId group jobVersion desiredStatus clientStatus createdAt modifiedAt } }
      versions { version isStable message submittedAt } children { pending running dead }
      evaluations { nodes { id triggeredBy status placementFailures { group } } } latestPlacementFailure { id } specification
    } } }`

  test('shows everything that `job status` prints', async () => {
    const { data, errors } = await api.query(document, { id: 'web' })
    expect(errors).toEqual([])
    expect(data.job).toMatchObject({
      id: 'web',
      type: 'service',
      status: 'running',
      isStopped: false,
      submittedAt: T0 + 1_000,
      modifyIndex: 0,
      summary: [{ group: 'app', queued: 1, starting: 1, running: 1, failed: 0, complete: 0, lost: 0, unknown: 0 }],
      latestDeployment: {
        id: DEPLOYMENT_ID,
        status: 'running',
        groups: [
          { group: 'app', desiredTotal: 2, placed: 2, healthy: 0, unhealthy: 0, requireProgressBy: T0 + 600_000 },
        ],
      },
      children: null,
      versions: [{ version: 0, isStable: false, message: 'first', submittedAt: T0 + 1_000 }],
      evaluations: {
        nodes: [{ id: EVALUATION_ID, triggeredBy: 'job-register', status: 'complete', placementFailures: [] }],
      },
      latestPlacementFailure: null,
      specification: { ID: 'web' },
    })
    const [second, first] = data.job.allocations.nodes
    expect(first).toMatchObject({ id: web.allocations[0], clientStatus: 'running', modifiedAt: T0 + 3_000 })
    expect(second).toMatchObject({ id: web.allocations[1], clientStatus: 'pending', createdAt: T0 + 2_000 })
  })

  test('is found by a prefix that fits nothing else, and a whole id wins over longer ones', async () => {
    web.history.record(jobStream('default', 'web-2'), jobRegistered({ spec: buildJob({ id: 'web-2' }) }))
    api.settle()
    expect((await api.query(document, { id: 'web-' })).data.job.id).toBe('web-2')
    expect((await api.query(document, { id: 'web' })).data.job.id).toBe('web')
  })

  test('is not guessed where a prefix fits several, nor where none fits', async () => {
    web.history.record(jobStream('default', 'web-2'), jobRegistered({ spec: buildJob({ id: 'web-2' }) }))
    api.settle()
    const ambiguous = (await api.query(document, { id: 'we' })).data.job
    expect(ambiguous.code).toBe('AMBIGUOUS_PREFIX')
    expect(ambiguous.candidates).toEqual([
      { kind: 'JOB', id: 'web', namespace: 'default', name: 'web' },
      { kind: 'JOB', id: 'web-2', namespace: 'default', name: 'web-2' },
    ])
    const missing = (await api.query(document, { id: 'nope' })).data.job
    expect(missing).toMatchObject({ code: 'NOT_FOUND', message: 'No job(s) with prefix or ID "nope" found' })
  })

  test('shows the past by position and by time', async () => {
    const registered = (await api.query(document, { id: 'web', at: { position: 1 } })).data.job
    expect(registered).toMatchObject({ status: 'pending', latestDeployment: null, allocations: { nodes: [] } })
    const placed = (await api.query(document, { id: 'web', at: { time: T0 + 2_500 } })).data.job
    expect(placed.summary[0]).toMatchObject({ starting: 2, running: 0 })
    expect((await api.query(document, { id: 'web', at: { position: 0 } })).data.job.code).toBe('NOT_FOUND')
  })

  test('shows the job file of each version that was submitted, and one version alone', async () => {
    const asked: string[] = []
    const submitted: JobSource = {
      source: 'job "etl" {}',
      format: 'json',
      filename: 'etl.json',
      variables: [{ name: 'a', value: '1' }],
      variableFiles: [{ name: 'x.hcl', content: 'b = 2' }],
      environmentVariables: [],
    }
    const history = createHistory()
    const register = (version: number, source: string | null) =>
      history.record(jobStream('default', 'etl'), jobRegistered({ version, source, spec: buildJob({ id: 'etl' }) }))
    register(0, 'source-zero')
    register(1, null)
    register(2, 'source-two')
    const showSource = (namespace: string, stream: string) => {
      asked.push(`${namespace} ${stream}`)
      return stream === 'source-two'
        ? Promise.resolve(submitted)
        : Promise.reject(new AppError('SOURCE_ERASED', 'gone'))
    }
    const etl = openApi({ history, overrides: { showSource } })
    etl.settle()
    const fields =
      'source { source format filename variables { name value } variableFiles { name content } environmentVariables { name } }'
    const ask = (version: number | null) =>
      etl.query(
        `query ($v: Int) { job(id: "etl") { ... on Job { versions(first: 1, version: $v) { version ${fields} } } } }`,
        { v: version },
      )
    const newest = await ask(null)
    expect(newest.errors).toEqual([])
    expect(newest.data.job.versions).toEqual([{ version: 2, source: { ...submitted, format: 'JSON' } }])
    expect((await ask(1)).data.job.versions).toEqual([{ version: 1, source: null }])
    expect((await ask(3)).data.job.versions).toEqual([])
    const erased = await ask(0)
    expect(erased.errors[0]?.extensions['code']).toBe('SOURCE_ERASED')
    expect(erased.data.job.versions).toEqual([{ version: 0, source: null }])
    expect(asked).toEqual(['default source-two', 'default source-zero'])
    await etl.close()
  })

  test('shows the deployments of this registration, or of all since the first', async () => {
    const ask = async (more: string): Promise<readonly unknown[]> => {
      const { data } = await api.query(`{ job(id: "web") { ... on Job { deployments${more} { nodes { id } } } } }`)
      return data.job.deployments.nodes
    }
    expect(await ask('')).toEqual([{ id: DEPLOYMENT_ID }])
    const evaluationId = '11111111-1111-4111-8111-111111111111'
    web.history.record(jobStream('default', 'web'), { type: 'JobPurged', data: { incarnation: 0, evaluationId } })
    web.history.record(jobStream('default', 'web'), jobRegistered({ incarnation: 1, spec: buildJob({ id: 'web' }) }))
    api.settle()
    expect(await ask('')).toEqual([])
    expect(await ask('(allVersions: true)')).toEqual([{ id: DEPLOYMENT_ID }])
  })

  test('leaves the lists when it is purged and stays in the past; its evaluation stays readable', async () => {
    const evaluationId = '11111111-1111-4111-8111-111111111111'
    const purged = web.history.record(jobStream('default', 'web'), {
      type: 'JobPurged',
      data: { incarnation: 0, evaluationId },
    })
    api.settle()
    expect((await api.query('{ jobs { nodes { id } } }')).data.jobs.nodes).toEqual([])
    const past = await api.query(`{ jobs(at: { position: ${purged.position - 1} }) { nodes { id } } }`)
    expect(past.data.jobs.nodes).toEqual([{ id: 'web' }])
    const evaluation = await api.query(
      `{ evaluation(id: "1111") { ... on Evaluation { triggeredBy jobId job { id } } } }`,
    )
    expect(evaluation.data.evaluation).toEqual({ triggeredBy: 'job-deregister', jobId: 'web', job: null })
  })
})

describe('an allocation', () => {
  test('shows everything that `alloc status` prints', async () => {
    const { data, errors } = await api.query(
      `query ($id: String!) { allocation(id: $id) { ... on Allocation { id evaluationId name nodeId nodeName jobId jobVersion
        clientStatus clientDescription desiredStatus desiredDescription deploymentId isHealthy
        ports { label address port to isDynamic } checks { service task name mode status }
        tasks { name driver state isFailed startedAt finishedAt restarts lastRestartAt exitCode lifecycle { hook isSidecar }
          resources { cpuMhz memoryMb } events { at type message } }
        resources { diskMb } metrics { nodesEvaluated nodesAvailable { name count } } score reschedules { at }
        previousAllocationId nextAllocationId followUpEvaluationId rescheduleAttempts { attempted isUnlimited } } } }`,
      { id: web.allocations[0].slice(0, 8) },
    )
    expect(errors).toEqual([])
    expect(data.allocation).toMatchObject({
      id: web.allocations[0],
      name: 'web.app[0]',
      nodeName: 'node-1',
      clientStatus: 'running',
      clientDescription: 'Tasks are running',
      desiredStatus: 'run',
      desiredDescription: '',
      deploymentId: DEPLOYMENT_ID,
      isHealthy: true,
      ports: [
        { label: 'http', address: '10.0.0.5', port: 23_514, to: 8_080, isDynamic: true },
        { label: 'admin', address: '10.0.0.5', port: 9_000, to: 9_000, isDynamic: false },
      ],
      checks: [{ service: 'web-http', task: '', name: 'alive', mode: 'healthiness', status: 'success' }],
      metrics: { nodesEvaluated: 1, nodesAvailable: [{ name: 'dc1', count: 1 }] },
      rescheduleAttempts: { attempted: 0, isUnlimited: true },
    })
    const [server, init] = data.allocation.tasks
    expect(server).toMatchObject({
      name: 'server',
      driver: 'mock',
      state: 'running',
      startedAt: T0 + 3_000,
      lifecycle: null,
    })
    expect(server.events.map((event: { type: string }) => event.type)).toEqual(['Started', 'Received'])
    expect(init).toMatchObject({ state: 'dead', exitCode: 0, lifecycle: { hook: 'prestart', isSidecar: false } })
  })

  test('that its node has said nothing of shows its tasks as pending', async () => {
    const { data } = await api.query(
      `{ allocation(id: "${web.allocations[1]}") { ... on Allocation { isHealthy tasks { name state startedAt } } } }`,
    )
    expect(data.allocation.isHealthy).toBeNull()
    expect(data.allocation.tasks[0]).toEqual({ name: 'server', state: 'pending', startedAt: null })
  })

  test.each([
    ['jobId: "web"', 2],
    [`nodeId: "${NODE_ID}"`, 2],
    [`evaluationId: "${EVALUATION_ID}"`, 2],
    [`deploymentId: "${DEPLOYMENT_ID}"`, 2],
    ['status: running', 1],
    ['status: failed', 0],
    ['jobId: "nope"', 0],
    ['namespace: "other"', 0],
    ['namespace: "*"', 2],
  ])('is listed by %s', async (filter, count) => {
    const { data, errors } = await api.query(`{ allocations(${filter}) { nodes { id } } }`)
    expect(errors).toEqual([])
    expect(data.allocations.nodes).toHaveLength(count)
    const past = await api.query(`{ allocations(${filter}, at: { position: 1 }) { nodes { id } } }`)
    expect(past.data.allocations.nodes).toEqual([])
  })
})

describe('a list', () => {
  test('goes on after the cursor of the page before, in the same order', async () => {
    for (const id of ['a', 'b', 'c', 'd'])
      web.history.record(jobStream('default', id), jobRegistered({ spec: buildJob({ id }) }))
    api.settle()
    const seen: string[] = []
    let cursor: string | null = null
    for (let page = 0; page < 3; page++) {
      const answer = await api.query(
        'query ($cursor: String) { jobs(first: 2, cursor: $cursor) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }',
        { cursor },
      )
      seen.push(...answer.data.jobs.edges.map((edge: { node: { id: string } }) => edge.node.id))
      cursor = answer.data.jobs.pageInfo.endCursor
      expect(answer.data.jobs.pageInfo.hasNextPage).toBe(page < 2)
    }
    expect(seen).toEqual(['a', 'b', 'c', 'd', 'web'])
  })

  test.each([0, 1_001])('refuses a page of %i', async first => {
    const { errors } = await api.query('query ($first: Int) { jobs(first: $first) { nodes { id } } }', { first })
    expect(errors[0]?.extensions['code']).toBe('REQUEST_INVALID')
  })

  test('takes a page of 1 and one of 1000', async () => {
    for (const first of [1, 1_000])
      expect(
        (await api.query('query ($first: Int) { jobs(first: $first) { nodes { id } } }', { first })).errors,
      ).toEqual([])
  })

  test('refuses a cursor that none gave out', async () => {
    const { errors } = await api.query('{ jobs(cursor: "###") { nodes { id } } }')
    expect(errors[0]?.extensions['code']).toBe('REQUEST_INVALID')
  })
})

test('nodes, services, deployments and evaluations are found and listed', async () => {
  const { data, errors } = await api.query(`{
    nodes(first: 5) { nodes { id name status isEligible allocated { cpuMhz memoryMb diskMb } runningAllocations
      attributes { name value } drivers { name isHealthy } meta { name value } modifiedAt } }
    node(id: "${NODE_ID.slice(0, 6)}") { ... on Node { name allocations { nodes { name } } } }
    services(first: 5) { nodes { name tags instances { jobId address port nodeId allocationId } } }
    service(name: "nobody") { instances { id } }
    deployments(first: 5) { nodes { id jobVersion status description allocations { nodes { name } } } }
    deployment(id: "${DEPLOYMENT_ID}") { ... on Deployment { jobId } }
    evaluations(first: 5) { nodes { id queued { name count } planChanges { group place } allocations { nodes { index } } relatedEvaluations { id } } }
    search(prefix: "web") { kind id }
    agent { version view { position head lag version } }
  }`)
  expect(errors).toEqual([])
  expect(data.nodes.nodes[0]).toMatchObject({
    name: 'node-1',
    status: 'ready',
    isEligible: true,
    allocated: { cpuMhz: 400, memoryMb: 512, diskMb: 600 },
    runningAllocations: 1,
    meta: [{ name: 'rack', value: 'r1' }],
    modifiedAt: T0,
  })
  expect(data.node.allocations.nodes).toHaveLength(2)
  expect(data.services.nodes).toEqual([
    {
      name: 'web-http',
      tags: ['a', 'blue'],
      instances: [
        { jobId: 'web', address: '10.0.0.5', port: 23_514, nodeId: NODE_ID, allocationId: web.allocations[0] },
      ],
    },
  ])
  expect(data.service.instances).toEqual([])
  expect(data.deployments.nodes[0]).toMatchObject({ id: DEPLOYMENT_ID, jobVersion: 0 })
  expect(data.deployment.jobId).toBe('web')
  expect(data.evaluations.nodes[0]).toMatchObject({ queued: [{ name: 'app', count: 1 }], relatedEvaluations: [] })
  expect(data.search).toEqual([{ kind: 'JOB', id: 'web' }])
  expect(data.agent.view).toMatchObject({ position: 3, head: 3, lag: 0 })
})

describe('reading one`s own writes', () => {
  test('waits until the view has the position', async () => {
    const registered = web.history.record(
      jobStream('default', 'late'),
      jobRegistered({ spec: buildJob({ id: 'late' }) }),
    )
    const asked = api.query('query ($after: Position) { job(id: "late", after: $after) { ... on Job { id } } }', {
      after: registered.position,
    })
    setImmediate(api.settle)
    expect((await asked).data.job.id).toBe('late')
  })

  test('is told that the view lags when the position does not come', async () => {
    await expect(api.followed.model.waitFor(99, 1)).rejects.toMatchObject({ code: 'VIEW_LAGGING' })
  })

  test('every answer carries the position of the view', async () => {
    expect((await api.query('{ position }')).extensions).toEqual({ position: 3 })
  })
})

test('a moment is either a time or a position', async () => {
  for (const at of [{}, { time: T0, position: 1 }]) {
    const { errors } = await api.query('query ($at: Moment) { jobs(at: $at) { nodes { id } } }', { at })
    expect(errors[0]?.extensions['code']).toBe('REQUEST_INVALID')
  }
})

test('compiled and interpreted execution answer alike', async () => {
  const query =
    '{ jobs { nodes { id status summary { group running } allocations { nodes { id tasks { name events { type } } } } } } }'
  const answers = []
  for (let round = 0; round < 4; round++) answers.push((await api.query(query)).data)
  expect(new Set(answers.map(answer => JSON.stringify(answer))).size).toBe(1)
})
