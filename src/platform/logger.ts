import { pino } from 'pino'
import { renderLogLine } from './log-line.ts'

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

export type LoggerOptions = {
  readonly level: LogLevel
  /** `text` is for people: one line of time, level, component, message and fields. */
  readonly format?: 'json' | 'text'
  readonly write?: (line: string) => void
}

/** A logger whose level, and that of all its children, can be set anew. */
export type AdjustableLogger = Logger & { readonly setLevel: (level: LogLevel) => void }

const ignore = (): void => {}

export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
}

const ranks: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3, silent: 4 }

type Target = Pick<ReturnType<typeof pino>, 'debug' | 'info' | 'warn' | 'error' | 'child'>

const wrap = (target: Target, isOn: (level: LogLevel) => boolean): Logger => {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (fields: LogFields, message: string): void => {
      if (isOn(level)) target[level](fields, message)
    }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: fields => wrap(target.child(fields), isOn),
  }
}

const standardError = (): ((line: string) => void) => {
  const destination = pino.destination({ fd: 2, sync: true })
  return line => void destination.write(line)
}

/** Lines on standard error, so that standard output stays a command's own. */
export const createLogger = ({ format = 'json', ...options }: LoggerOptions): AdjustableLogger => {
  let { level } = options
  const write = options.write ?? standardError()
  const target = pino(
    { level: 'debug', base: null, timestamp: pino.stdTimeFunctions.isoTime },
    { write: line => write(format === 'json' ? line : renderLogLine(line)) },
  )
  return {
    ...wrap(target, asked => ranks[asked] >= ranks[level]),
    setLevel: next => {
      level = next
    },
  }
}
