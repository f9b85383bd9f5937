/**
 * The one table of errors of the world (house style 8.12): code → what a caller may do, which HTTP status and which exit
 * code it becomes. `docs/errors.md` documents every code; a test compares both directions.
 */
export const errorCatalogue = {
  STORE_UNAVAILABLE: { retry: true, http: 503, exit: 1 },
  STORE_OUTCOME_UNKNOWN: { retry: true, http: 503, exit: 1 },
  STORE_CORRUPT: { retry: false, http: 500, exit: 1 },
  EVENT_UNKNOWN: { retry: false, http: 503, exit: 1 },
  STORE_CLOSED: { retry: false, http: 503, exit: 1 },
  STORE_ACCESS_DENIED: { retry: false, http: 503, exit: 1 },
  STORE_UNTRUSTED: { retry: false, http: 503, exit: 1 },
  STORE_NOT_EMPTY: { retry: false, http: 409, exit: 1 },
  IMPORT_UNFINISHED: { retry: false, http: 500, exit: 1 },
  LOG_FILE_DAMAGED: { retry: false, http: 500, exit: 1 },
  LOG_FILE_NEWER: { retry: false, http: 500, exit: 1 },
  APPEND_TOO_LARGE: { retry: false, http: 413, exit: 1 },
  DATA_DIR_LOCKED: { retry: false, http: 409, exit: 1 },
  DATA_DIR_UNUSABLE: { retry: false, http: 500, exit: 1 },
  ADDRESS_IN_USE: { retry: false, http: 409, exit: 1 },
  API_UNREACHABLE: { retry: true, http: 503, exit: 1 },
  API_BAD_REPLY: { retry: false, http: 502, exit: 1 },
  REQUEST_TOO_LARGE: { retry: false, http: 413, exit: 1 },
  REQUEST_REFUSED: { retry: false, http: 403, exit: 1 },
  REQUEST_INVALID: { retry: false, http: 400, exit: 1 },
  NOT_FOUND: { retry: false, http: 404, exit: 1 },
  SOURCE_ERASED: { retry: false, http: 410, exit: 1 },
  NO_LEADER: { retry: true, http: 503, exit: 1 },
  VIEW_LAGGING: { retry: true, http: 503, exit: 1 },
  OVERLOADED: { retry: true, http: 503, exit: 1 },
  CONTENDED: { retry: true, http: 409, exit: 1 },
  NODE_UNREACHABLE: { retry: true, http: 502, exit: 1 },
  CONFIG_INVALID: { retry: false, http: 500, exit: 1 },
  DRIVER_UNREACHABLE: { retry: true, http: 502, exit: 1 },
  DRIVER_FAILED: { retry: false, http: 500, exit: 1 },
  KEYRING_UNUSABLE: { retry: false, http: 500, exit: 1 },
  INTERNAL: { retry: false, http: 500, exit: 1 },
} as const satisfies Record<string, { retry: boolean; http: number; exit: number }>

export type ErrorCode = keyof typeof errorCatalogue

export type AppErrorOptions = { readonly hint?: string; readonly cause?: unknown }

/**
 * The world failed: a store, a driver, the network, a configuration. The message says what was attempted, on what, and
 * why it failed; the hint says what to do. Secrets never enter either.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly code: ErrorCode
  readonly hint: string | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
  }
}

/** A predicate instead of `instanceof`, so that errors cross package boundaries. */
export const isAppError = (error: unknown): error is AppError =>
  error instanceof Error && error.name === 'AppError' && 'code' in error

/** The message of anything thrown, for a person to read. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Node's error code (`ENOENT`, `EADDRINUSE` …) of a failed system call, or undefined. */
export const systemCodeOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
