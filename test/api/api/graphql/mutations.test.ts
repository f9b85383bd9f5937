import { expect, test } from 'vitest'
import type { Outcome } from '../../../../src/app/api-commands.ts'
import { openApi } from '../../../support/api.ts'

const done = (fields: object): Outcome<object> => ({ kind: 'done', ...fields })

test('registering a job hands everything on, and answers with its position', async () => {
  const warning = {
    severity: 'warning',
    summary: 'unused',
    detail: 'd',
    hint: '',
    filename: 'web.nomad.hcl',
    line: 2,
    column: 3,
    rendered: 'r',
  }
  const registration = {
    position: 7,
    namespace: 'default',
    jobId: 'web',
    version: 1,
    evaluationId: 'e',
    modifyIndex: 4,
    nextLaunch: null,
    isPeriodic: false,
    isParameterized: false,
    warnings: [warning],
  }
  const api = openApi({ outcomes: { registerJob: done(registration) } })
  const { data, errors } = await api.query(
    `mutation ($input: RegisterJobInput!) { registerJob(input: $input) { __typename
      ... on JobRegistration { position jobId version evaluationId modifyIndex warnings { severity line rendered } } } }`,
    {
      input: {
        commandId: 'c-1',
        job: { source: 'job "web" {}', filename: 'web.nomad.hcl', variables: [{ name: 'x', value: '1' }] },
        checkIndex: 4,
      },
    },
  )
  expect(errors).toEqual([])
  expect(data.registerJob).toEqual({
    __typename: 'JobRegistration',
    position: 7,
    jobId: 'web',
    version: 1,
    evaluationId: 'e',
    modifyIndex: 4,
    warnings: [{ severity: 'WARNING', line: 2, rendered: 'r' }],
  })
  expect(api.calls[0]).toMatchObject({
    name: 'registerJob',
    input: {
      job: {
        source: 'job "web" {}',
        format: 'hcl',
        filename: 'web.nomad.hcl',
        variables: [{ name: 'x', value: '1' }],
        variableFiles: [],
      },
      checkIndex: 4,
      message: '',
      evaluationPriority: null,
    },
    caller: { commandId: 'c-1', actor: 'anonymous' },
  })
  await api.close()
})

test('a rejection is data, with its code, hint and findings', async () => {
  const rejected = {
    kind: 'rejected',
    code: 'JOB_NOT_FOUND',
    message: 'job "x" not found',
    hint: 'h',
    diagnostics: [],
  } as const
  const api = openApi({ outcomes: { stopJob: rejected } })
  const { status, data, errors } = await api.query(
    `mutation { stopJob(input: { jobId: "x", purges: true }) { __typename ... on JobStop { position }
      ... on Rejection { code message hint diagnostics { summary } } } }`,
  )
  expect(status).toBe(200)
  expect(errors).toEqual([])
  const { kind: _, ...shown } = rejected
  expect(data.stopJob).toEqual({ __typename: 'Rejection', ...shown })
  expect(api.calls[0]?.input).toEqual({
    namespace: 'default',
    jobId: 'x',
    purges: true,
    stopsChildren: false,
    evaluationPriority: null,
    skipsShutdownDelay: false,
  })
  await api.close()
})

test.each([
  ['validateJob(input: { source: "s", format: JSON })', 'JobValidation', { jobId: 'web', warnings: [] }],
  ['parseJob(input: { source: "s" })', 'ParsedJob', { jobId: 'web', specification: { ID: 'web' }, warnings: [] }],
  [
    'dispatchJob(input: { jobId: "p", meta: [{ name: "k", value: "v" }] })',
    'JobDispatch',
    { dispatchedJobId: 'p/d', evaluationId: 'e' },
  ],
  ['forcePeriodic(input: { jobId: "p" })', 'PeriodicForce', { launchedJobId: 'p/d', evaluationId: 'e' }],
  ['evaluateJob(input: { jobId: "p", forcesReschedule: true })', 'JobEvaluation', { evaluationId: 'e' }],
  ['stopAllocation(input: { allocationId: "a" })', 'AllocationStop', { evaluationId: 'e' }],
  ['restartAllocation(input: { allocationId: "a", task: "t" })', 'TaskRequested', { requestId: 'r' }],
  ['signalAllocation(input: { allocationId: "a", signal: "SIGHUP" })', 'TaskRequested', { requestId: 'r' }],
  ['setNodeEligibility(input: { nodeId: "n", isEligible: false })', 'NodeEligibility', {}],
  ['collectGarbage(input: {})', 'GarbageCollection', {}],
])('%s asks the command of that name and answers %s', async (call, typeName, fields) => {
  const name = call.slice(0, call.indexOf('('))
  const api = openApi({ outcomes: { [name]: done({ position: 9, ...fields }) } })
  const { data, errors } = await api.query(`mutation { ${name}: ${call} { __typename } }`)
  expect(errors).toEqual([])
  expect(data[name]).toEqual({ __typename: typeName })
  expect(api.calls.map(made => made.name)).toEqual([name])
  await api.close()
})

test('commands that a client does not name get ids of their own', async () => {
  const api = openApi({ outcomes: { collectGarbage: done({ position: 1 }) } })
  const mutation = 'mutation { collectGarbage(input: {}) { __typename } }'
  await api.query(mutation)
  await api.query(mutation)
  expect(new Set(api.calls.map(call => call.caller.commandId)).size).toBe(2)
  expect(new Set(api.calls.map(call => call.caller.correlationId)).size).toBe(2)
  await api.close()
})
