/** Why a command on a job cannot be granted: values, one code each (docs/errors.md). */
export type JobRejection =
  | { readonly code: 'JOB_NOT_FOUND'; readonly jobId: string }
  | { readonly code: 'JOB_STOPPED'; readonly jobId: string }
  | { readonly code: 'JOB_TYPE_CHANGED'; readonly from: string; readonly to: string }
  | { readonly code: 'JOB_INDEX_CHANGED'; readonly expected: number; readonly actual: number }
  | { readonly code: 'JOB_NOT_PERIODIC'; readonly jobId: string }
  | { readonly code: 'JOB_NOT_PARAMETERIZED'; readonly jobId: string }
  | { readonly code: 'JOB_NEEDS_DISPATCH'; readonly jobId: string }
  | { readonly code: 'DISPATCH_META_MISSING'; readonly keys: readonly string[] }
  | { readonly code: 'DISPATCH_META_UNKNOWN'; readonly keys: readonly string[] }
  | { readonly code: 'DISPATCH_PAYLOAD_MISSING' }
  | { readonly code: 'DISPATCH_PAYLOAD_FORBIDDEN' }
  | { readonly code: 'DISPATCH_PAYLOAD_TOO_LARGE'; readonly bytes: number; readonly limitBytes: number }
  | { readonly code: 'CHILD_EXISTS'; readonly jobId: string }
  | { readonly code: 'ALLOCATION_NOT_FOUND'; readonly allocationId: string }
  | { readonly code: 'PERIODIC_RUN_SKIPPED'; readonly reason: string }
  | { readonly code: 'DEPLOYMENT_NOT_ACTIVE'; readonly deploymentId: string }

/** One sentence per rejection, in the words Nomad's users match on where they do. */
export const describeJobRejection = (rejection: JobRejection): string => {
  switch (rejection.code) {
    case 'JOB_NOT_FOUND':
      return `job "${rejection.jobId}" not found`
    case 'JOB_STOPPED':
      return `job "${rejection.jobId}" is stopped`
    case 'JOB_TYPE_CHANGED':
      return `cannot change a job from ${rejection.from} to ${rejection.to}: purge it first, or use another id`
    case 'JOB_INDEX_CHANGED':
      return `Enforcing job modify index ${rejection.expected}: job exists with conflicting job modify index: ${rejection.actual}`
    case 'JOB_NOT_PERIODIC':
      return `job "${rejection.jobId}" is not periodic`
    case 'JOB_NOT_PARAMETERIZED':
      return `job "${rejection.jobId}" is not parameterized, so it cannot be dispatched`
    case 'JOB_NEEDS_DISPATCH':
      return `job "${rejection.jobId}" is a template for others: it cannot be evaluated itself`
    case 'DISPATCH_META_MISSING':
      return `Dispatch did not provide required meta keys: [${rejection.keys.join(' ')}]`
    case 'DISPATCH_META_UNKNOWN':
      return `Dispatch request included unpermitted metadata keys: [${rejection.keys.join(' ')}]`
    case 'DISPATCH_PAYLOAD_MISSING':
      return 'Payload is not provided but required by parameterized job'
    case 'DISPATCH_PAYLOAD_FORBIDDEN':
      return 'Payload provided but forbidden by parameterized job'
    case 'DISPATCH_PAYLOAD_TOO_LARGE':
      return `the payload has ${rejection.bytes} bytes, the limit is ${rejection.limitBytes}`
    case 'CHILD_EXISTS':
      return `a job "${rejection.jobId}" exists already`
    case 'ALLOCATION_NOT_FOUND':
      return `allocation "${rejection.allocationId}" is not one of this job's that runs`
    case 'PERIODIC_RUN_SKIPPED':
      return `the run was not launched: ${rejection.reason}`
    case 'DEPLOYMENT_NOT_ACTIVE':
      return `deployment "${rejection.deploymentId}" is not running`
  }
}
