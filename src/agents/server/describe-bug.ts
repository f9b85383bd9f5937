/** What a log line says of a bug: where it happened, for whoever mends it. */
export const stackOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
