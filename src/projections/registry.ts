import { allocations } from './allocations.ts'
import { deployments } from './deployments.ts'
import { evaluations } from './evaluations.ts'
import { jobVersions } from './job-versions.ts'
import { jobs } from './jobs.ts'
import { nodes } from './nodes.ts'
import type { Projection } from './projection.ts'
import { services } from './services.ts'

/** Every projection, in the order in which an event's rows are written. Adding one: its file and a line here. */
export const projections: readonly Projection[] = [
  nodes,
  jobs,
  jobVersions,
  evaluations,
  deployments,
  allocations,
  services,
]
