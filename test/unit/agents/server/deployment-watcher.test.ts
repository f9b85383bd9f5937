import { expect, it } from 'vitest'
import { createDeploymentWatcher } from '../../../../src/agents/server/deployment-watcher.ts'
import { buildDeployment, buildJob, buildJobState, buildState, T0 } from '../../../support/builders.ts'

const deadline = T0 + 20_000
const group = {
  desiredTotal: 1,
  progressDeadlineMs: 20_000,
  autoRevert: false,
  placed: 1,
  healthy: 0,
  unhealthy: 0,
  requireProgressBy: deadline,
}

const wakeWith = (jobVersion: number): number | null => {
  const job = buildJobState(buildJob(), { version: 1 })
  const deployment = buildDeployment(job, { id: 'd', jobVersion, status: 'running', groups: new Map([['app', group]]) })
  const state = buildState({ jobs: [job], deployments: [deployment] })
  return createDeploymentWatcher().nextWake(state, deadline + 1)
}

it('wakes the leader at the progress deadline of a deployment', () => {
  expect(wakeWith(1)).toBe(deadline)
})

it('does not wake it for one of a version that is not the job’s any more: it would find nothing to do, for ever', () => {
  expect(wakeWith(0)).toBeNull()
})
