/** Every bound of the client agent, named once (invariant I11). */

/** Changes wait at most this long for others to share a report with; those that people wait for do not wait. */
export const REPORT_DELAY_MS = 200
/** Task events of one allocation that wait to be reported; the oldest beyond it are dropped and counted. */
export const MAX_TASK_EVENTS_WAITING = 256
/** Outcomes of requests that wait to be reported. */
export const MAX_REQUEST_OUTCOMES_WAITING = 1_000
/** Requests that the agent remembers to have done, so that a repeat is not done again. */
export const MAX_DONE_REQUESTS = 512
/** Messages of desired state that wait while an earlier one is acted on; with more the link begins anew. */
export const MAX_DESIRED_WAITING = 1_000
/** Terminal allocations whose directories are kept, so that their logs can be read; an operator may set another number. */
export const MAX_TERMINAL_ALLOCATIONS = 50
/** What the secrets of one task may take where they are in memory. */
export const SECRETS_BYTES = 1_048_576
/** Streams of logs and files that the agent serves at once. */
export const MAX_OPEN_STREAMS = 128
/** Entries of one directory that a listing answers. */
export const MAX_LISTED_ENTRIES = 10_000
/** The longest time that a task may ask for between its kill signal and SIGKILL; an operator may set another. */
export const MAX_KILL_TIMEOUT_MS = 30_000

/** The bounds that are an operator's. */
export type ClientLimits = { readonly maxKillTimeoutMs: number; readonly maxTerminalAllocations: number }

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  maxKillTimeoutMs: MAX_KILL_TIMEOUT_MS,
  maxTerminalAllocations: MAX_TERMINAL_ALLOCATIONS,
}
/** A message that is longer is cut before it is reported. */
export const MAX_MESSAGE_LENGTH = 2_048
/** Bytes of a check's answer that are kept as its output. */
export const MAX_CHECK_OUTPUT_BYTES = 3_072
/** Checks that probe at the same time. */
export const MAX_PROBES_AT_ONCE = 64
/** The largest template source that is read from a task's directory. */
export const MAX_TEMPLATE_SOURCE_BYTES = 1_048_576
/** The largest NOMAD_TOKEN-like file of KEY=VALUE lines that becomes environment. */
export const MAX_ENV_TEMPLATE_LINES = 10_000
/** Components of a path that a job or a user names. */
export const MAX_PATH_COMPONENTS = 64
/** Symbolic links that one path of a user is followed through. */
export const MAX_LINKS_FOLLOWED = 40
/** Changes of services wait this long for more of them before templates are rendered again, and no longer than that. */
export const TEMPLATE_QUIET_MS = 100
export const TEMPLATE_QUIET_MAX_MS = 1_000
/** Tasks that are measured at the same time. */
export const MAX_MEASURED_AT_ONCE = 16
/** Between two readings of what a task uses: in less the kernel's counters hardly move, in more it is not now any more. */
export const MIN_USAGE_SPAN_MS = 250
export const MAX_USAGE_SPAN_MS = 10_000
/** How long one task's driver may take to measure it; less than the servers wait for the node. */
export const MEASURE_TIMEOUT_MS = 800
/** How often what is nobody's is looked for and removed. */
export const REAP_EVERY_MS = 300_000
/** Text cut to `limit` characters, with a mark where it was. */
export const cut = (text: string, limit = MAX_MESSAGE_LENGTH): string =>
  text.length <= limit ? text : `${text.slice(0, limit - 1)}…`
