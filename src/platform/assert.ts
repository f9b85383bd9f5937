/** Stops the process's current work: an invariant of ours is broken, which no caller can handle. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}
