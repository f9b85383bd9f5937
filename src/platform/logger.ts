import { pino } from 'pino'

export type LogFields = Readonly<Record<string, unknown>>

/** Structured logging: the message is constant and lower case, everything variable is a field. */
export type Logger = {
  readonly debug: (fields: LogFields, message: string) => void
  readonly info: (fields: LogFields, message: string) => void
  readonly warn: (fields: LogFields, message: string) => void
  readonly error: (fields: LogFields, message: string) => void
  readonly child: (fields: LogFields) => Logger
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

const ignore = (): void => {}

export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
}

const wrap = (target: ReturnType<typeof pino>): Logger => ({
  debug: (fields, message) => target.debug(fields, message),
  info: (fields, message) => target.info(fields, message),
  warn: (fields, message) => target.warn(fields, message),
  error: (fields, message) => target.error(fields, message),
  child: fields => wrap(target.child(fields)),
})

/** JSON lines on standard error, so that standard output stays a command's own. */
export const createLogger = (level: LogLevel): Logger =>
  wrap(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ fd: 2, sync: true })))
