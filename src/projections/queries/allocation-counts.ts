import type { ClientStatus } from '../../domain/cluster/index.ts'
import { type At, bindingsOf, holds, joined } from '../interval.ts'
import type { JobRow } from './jobs.ts'
import { parseJson, type Sql } from './sql.ts'

export type Resources = { readonly cpuMhz: number; readonly memoryMb: number; readonly diskMb: number }

/** What is counted when it is asked for, and stored nowhere. */
export const createAllocationCounts = (sql: Sql) => ({
  /** Allocations of a job's incarnation by group and status. */
  byGroup: (
    job: JobRow,
  ): readonly { readonly group: string; readonly status: ClientStatus; readonly count: number }[] => {
    const text = `SELECT a.group_name AS "group", st.status, COUNT(*) AS count FROM allocation a
JOIN ${joined('allocation_status', 'st', 'a.key', job.at)}
WHERE a.job_key = @job AND a.incarnation = @incarnation AND ${holds('a', job.at)} GROUP BY 1, 2`
    return sql.all(text, { ...bindingsOf(job.at), job: job.key, incarnation: job.incarnation })
  },

  /** How many of each group wait for a place, by the newest plan for the job. */
  queued: (job: JobRow): Readonly<Record<string, number>> => {
    const text = `SELECT o.queued FROM evaluation_outcome o WHERE o.job_key = @job AND o.plans > 0 AND ${holds('o', job.at)}
ORDER BY o.from_position DESC LIMIT 1`
    const row = sql.get<{ queued: string }>(text, { ...bindingsOf(job.at), job: job.key })
    return row === undefined ? {} : parseJson<Record<string, number>>(row.queued)
  },

  /** What a node's allocations hold: those that were not observed to have ended, whatever the servers judge. */
  heldOn: (nodeKey: number, at: At): Resources => {
    const text = `SELECT IFNULL(SUM(a.cpu_mhz), 0) AS cpuMhz, IFNULL(SUM(a.memory_mb), 0) AS memoryMb, IFNULL(SUM(a.disk_mb), 0) AS diskMb
FROM allocation a JOIN ${joined('allocation_status', 'st', 'a.key', at)}
WHERE a.node_key = @node AND ${holds('a', at)} AND st.observed IN ('pending', 'running')`
    return sql.get<Resources>(text, { ...bindingsOf(at), node: nodeKey }) ?? { cpuMhz: 0, memoryMb: 0, diskMb: 0 }
  },

  runningOn: (nodeKey: number, at: At): number => {
    const text = `SELECT COUNT(*) AS count FROM allocation a JOIN ${joined('allocation_status', 'st', 'a.key', at)}
WHERE a.node_key = @node AND ${holds('a', at)} AND st.status = 'running'`
    return sql.get<{ count: number }>(text, { ...bindingsOf(at), node: nodeKey })?.count ?? 0
  },

  /** Delayed evaluations that will replace failed allocations of a job, soonest first. */
  futureReschedules: (
    job: JobRow,
  ): readonly { readonly group: string; readonly evaluationId: string; readonly evaluatesAt: number }[] => {
    const text = `SELECT DISTINCT a.group_name AS "group", i.id AS evaluationId, e.wait_until AS evaluatesAt FROM allocation a
JOIN ${joined('allocation_plan', 'pl', 'a.key', job.at)}
JOIN ${joined('evaluation', 'e', 'pl.follow_up_key', job.at)}
JOIN ${joined('evaluation_status', 'es', 'pl.follow_up_key', job.at)}
JOIN evaluation_id i ON i.key = e.key
WHERE a.job_key = @job AND ${holds('a', job.at)} AND es.status = 'pending' AND pl.next_key IS NULL ORDER BY 3, 1, 2`
    return sql.all(text, { ...bindingsOf(job.at), job: job.key })
  },
})
