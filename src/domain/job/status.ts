import { type ClusterState, isTerminal, type JobState } from '../cluster/state.ts'

export type JobStatus = 'pending' | 'running' | 'dead'

/**
 * The status shown for a job (nomad-behaviour §3.9): a template runs until it is stopped; any other runs while a deployment
 * is active or an allocation is not terminal, is pending while an evaluation is unfinished or none has existed, else dead.
 */
export const jobStatusOf = (state: ClusterState, job: JobState): JobStatus => {
  const isStopped = job.status !== 'registered'
  if (job.spec.periodic !== null || job.spec.parameterized !== null) return isStopped ? 'dead' : 'running'
  if (job.latestDeploymentId !== null && state.activeDeployments.has(job.latestDeploymentId) && !isStopped)
    return 'running'
  for (const id of job.allocations) {
    const allocation = state.allocations.get(id)
    if (allocation !== undefined && !isTerminal(allocation)) return 'running'
  }
  for (const id of job.evaluations) {
    if (state.pending.has(id) || state.blocked.has(id)) return 'pending'
  }
  return isStopped || job.evaluations.size > 0 || job.allocations.size > 0 ? 'dead' : 'pending'
}
