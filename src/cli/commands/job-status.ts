import { found, type Listed, listAll, MAX_LISTED, PAGE_SIZE, type Page } from '../answers.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { inertFlag } from '../inert-flags.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { printData, warnIfCut } from '../print.ts'
import {
  fetchJobs,
  type JobStatus,
  jobAllocationsDocument,
  jobStatusDocument,
  jobStatusVariables,
  launchedJobsDocument,
} from '../queries/job-status.ts'
import { fetchTrouble } from '../queries/task-trouble.ts'
import { renderJobList, renderJobStatus } from '../render/job-status.ts'

type StatusFlags = {
  readonly json: boolean
  readonly t: string
  readonly verbose: boolean
  readonly short: boolean
  readonly evals: boolean
  readonly 'all-allocs': boolean
}

const listJobs = async (context: CommandContext, flags: StatusFlags): Promise<number> => {
  const { rows, isCut } = await fetchJobs(context)
  warnIfCut(context, isCut, rows.length)
  return printData(context, flags, rows, jobs => renderJobList(jobs, context.settings.namespace === '*'))
}

/** A first page that is there already, then the pages after it. */
const continued = <T>(
  first: Page<T> | undefined,
  fetchPage: (cursor: string) => Promise<Page<T>>,
): Promise<Listed<T>> => {
  const empty: Page<T> = { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } }
  return listAll(async cursor => (cursor === null ? (first ?? empty) : fetchPage(cursor)))
}

const completeLists = async ({ api }: CommandContext, job: JobStatus, allVersions: boolean) => {
  const { id, namespace } = job
  const children = await continued(job.launchedJobs, async cursor => {
    const answer = await api.query(launchedJobsDocument, { id, namespace, first: PAGE_SIZE, cursor })
    return found(answer.job, 'JOB', id).launchedJobs
  })
  const allocations = await continued(job.allocations, async cursor => {
    const answer = await api.query(jobAllocationsDocument, { id, namespace, first: PAGE_SIZE, cursor, allVersions })
    return found(answer.job, 'JOB', id).allocations
  })
  return { children, allocations }
}

export const showJob = async (context: CommandContext, typed: string, flags: StatusFlags): Promise<number> => {
  const hasEvaluations = flags.evals || flags.verbose
  const variables = jobStatusVariables(
    { id: typed, namespace: context.settings.namespace },
    { isFull: !flags.short, withEvaluations: hasEvaluations || flags.json, allVersions: flags['all-allocs'] },
  )
  const job = found((await context.api.query(jobStatusDocument, variables)).job, 'JOB', typed)
  const { children, allocations } = await completeLists(context, job, flags['all-allocs'])
  warnIfCut(context, children.isCut || allocations.isCut, MAX_LISTED)
  const view = {
    job,
    children: children.rows,
    allocations: allocations.rows,
    trouble: await fetchTrouble(context.api, allocations.rows),
  }
  const options = { isVerbose: flags.verbose, isShort: flags.short, hasEvaluations, nowMs: context.clock.now() }
  const { launchedJobs: _, allocations: __, ...data } = job
  const json = { ...data, launchedJobs: view.children, allocations: view.allocations, taskFailures: view.trouble }
  return printData(context, flags, json, () => renderJobStatus(view, options))
}

export const command = defineCommand({
  usage: 'muster job status [options] [job]',
  description: `Lists jobs, or shows one: its groups, latest deployment, allocations, why something could not be placed, and why
tasks failed. A job may be named by the beginning of its id.`,
  flags: [
    { name: 'short', type: 'boolean', usage: 'Show the first block only.' },
    { name: 'evals', type: 'boolean', usage: "Show the job's evaluations." },
    { name: 'all-allocs', type: 'boolean', usage: 'Show allocations of earlier registrations too.' },
    verboseFlag,
    ...outputFlags,
    inertFlag('ui'),
  ],
  takes: { min: 0, max: 1 },
  run: (context, { flags, positionals }) => {
    const [typed] = positionals
    return typed === undefined ? listJobs(context, flags) : showJob(context, typed, flags)
  },
})
