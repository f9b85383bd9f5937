/** Nomad's exit codes where a verb is Nomad's. */
export const EXIT_OK = 0
/** Wrong usage, a refusal, or a failure of the world. */
export const EXIT_FAILED = 1
/** `job run` and its like: the job is registered, and not everything could be placed. */
export const EXIT_NOT_PLACED = 2
/** A monitor was left with Ctrl-C: what shells use for SIGINT. */
export const EXIT_INTERRUPTED = 130
