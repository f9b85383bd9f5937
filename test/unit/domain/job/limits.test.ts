import { expect, it } from 'vitest'
import { decideJob, type JobCommand } from '../../../../src/domain/job/index.ts'
import { MAX_DISPATCH_PAYLOAD_BYTES } from '../../../../src/domain/limits.ts'
import { buildJob, buildJobState, T0 } from '../../../support/builders.ts'

const parameterized = { payload: 'optional', metaRequired: [], metaOptional: [] } as const
const job = buildJobState(buildJob({ type: 'batch', parameterized }))

const dispatch = (payloadBytes: number): JobCommand => ({
  type: 'DispatchJob',
  data: {
    jobId: job.jobId,
    childId: 'child',
    evaluationId: 'e',
    instant: T0,
    meta: {},
    payload: { sealed: 'x', digest: 'x' },
    payloadBytes,
    priority: null,
    tokenDigest: null,
  },
})

it.each([MAX_DISPATCH_PAYLOAD_BYTES - 1, MAX_DISPATCH_PAYLOAD_BYTES])('a payload of %i bytes is dispatched', bytes => {
  expect(decideJob(job, dispatch(bytes))).toMatchObject({ kind: 'accepted', events: [{ type: 'JobDispatched' }] })
})

it('a payload of one byte more is refused with both numbers', () => {
  const rejection = {
    code: 'DISPATCH_PAYLOAD_TOO_LARGE',
    bytes: MAX_DISPATCH_PAYLOAD_BYTES + 1,
    limitBytes: MAX_DISPATCH_PAYLOAD_BYTES,
  }
  expect(decideJob(job, dispatch(MAX_DISPATCH_PAYLOAD_BYTES + 1))).toEqual({ kind: 'rejected', rejection })
})
