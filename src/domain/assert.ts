/** A broken invariant is a bug: nobody handles it, the process logs it, exits and replays. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}
