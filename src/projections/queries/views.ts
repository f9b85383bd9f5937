import type { Database } from 'better-sqlite3'
import { createAllocationCounts } from './allocation-counts.ts'
import { createAllocationQueries } from './allocations.ts'
import { createChangeQueries } from './changes.ts'
import { createDeploymentQueries } from './deployments.ts'
import { createEvaluationQueries } from './evaluations.ts'
import { createJobQueries } from './jobs.ts'
import { createMoments } from './moments.ts'
import { createNodeEventQuery } from './node-events.ts'
import { createNodeQueries } from './nodes.ts'
import { createSearch } from './search.ts'
import { createServiceQueries } from './services.ts'
import { createSpecs } from './specs.ts'
import { createSql } from './sql.ts'
import { createTaskEventQuery } from './task-events.ts'

/** What can be asked of the rows. All of it is synchronous; everything takes the moment to read. */
export const createViews = (db: Database, position: () => number) => {
  const sql = createSql(db)
  return {
    position,
    moments: createMoments(sql, position),
    jobs: createJobQueries(sql),
    specOf: createSpecs(sql),
    allocations: createAllocationQueries(sql),
    counts: createAllocationCounts(sql),
    taskEvents: createTaskEventQuery(sql),
    evaluations: createEvaluationQueries(sql),
    deployments: createDeploymentQueries(sql),
    nodes: createNodeQueries(sql),
    nodeEvents: createNodeEventQuery(sql),
    services: createServiceQueries(sql),
    search: createSearch(sql),
    changes: createChangeQueries(sql),
  }
}

export type Views = ReturnType<typeof createViews>
