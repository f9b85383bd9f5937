import { found, type Unresolved, unresolvedFields } from '../answers.ts'
import type { CommandContext } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NOT_PLACED, EXIT_OK } from '../exit-codes.ts'
import type { JobName } from '../find-job.ts'
import { printLines } from '../print.ts'
import { type GroupSummary, renderSummary, summaryFields } from '../render/summary.ts'
import { pauseAlive } from './pause.ts'

/** Nomad's limit for `job dispatch -wait`. */
const MAX_WAIT_MS = 5 * 60_000
const POLL_MS = 500

type Waited = {
  readonly __typename: 'Job'
  readonly status: 'pending' | 'running' | 'dead'
  readonly summary: readonly GroupSummary[]
}

export const waitForJobDocument = document<
  { readonly job: Waited | Unresolved },
  { readonly id: string; readonly namespace: string }
>(`query WaitForJob($id: String!, $namespace: String) {
  job(id: $id, namespace: $namespace) {
    __typename
    ... on Job { status summary { ${summaryFields} } }
    ${unresolvedFields}
  }
}`)

const summaryOf = (job: Waited): readonly string[] => ['', ...renderSummary(job.summary)]

/** Waits until a job has finished. Answers 0, 2 when an allocation failed or was lost, 1 when it takes too long. */
export const waitForJob = async (context: CommandContext, { namespace, id }: JobName): Promise<number> => {
  const { api, clock, io } = context
  const signal = io.interruption()
  const deadline = clock.monotonicMs() + MAX_WAIT_MS
  for (;;) {
    const job = found((await api.query(waitForJobDocument, { id, namespace })).job, 'JOB', id)
    if (job.status === 'dead') {
      await printLines(context, summaryOf(job))
      return job.summary.some(({ failed, lost }) => failed + lost > 0) ? EXIT_NOT_PLACED : EXIT_OK
    }
    if (clock.monotonicMs() > deadline) {
      await printLines(context, summaryOf(job))
      io.stderr(`Job "${id}" has not finished within ${MAX_WAIT_MS / 1_000} s; it goes on.\n`)
      return EXIT_FAILED
    }
    await pauseAlive(clock, POLL_MS, signal)
    if (signal.aborted) {
      io.stderr(`\nDetached; the job goes on. Look at it with: muster job status ${id}\n`)
      return EXIT_INTERRUPTED
    }
  }
}
