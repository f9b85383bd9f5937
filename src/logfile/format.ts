/**
 * The log as a file: lines of JSON, the first of them about the cluster, then one event each in the order of the log, the
 * last one counting them. Each line ends with a checksum over all lines up to it, so that a change is found at its line; the
 * last line has a SHA-256 of everything before it. The first line keeps its form in every version, so that an older Muster
 * can say that a file is too new for it.
 */
import type { RecordedEvent } from '../eventstore/port.ts'
import { AppError } from '../platform/errors.ts'

export type LogFile = {
  /** What messages call it. */
  readonly name: string
  /** Its bytes from the beginning, anew with each call. */
  readonly open: () => AsyncIterable<Uint8Array>
}

export const LOG_FORMAT = 'muster-log'
export const LOG_VERSION = 1
/** Bytes of one line; an event of the largest size that a store takes is well below. */
export const MAX_LINE_BYTES = 4_000_000

export type LogHeader = {
  readonly format: typeof LOG_FORMAT
  readonly version: number
  /** When the export began, ms. */
  readonly madeAt: number
  /** The version of Muster that made it. */
  readonly muster: string
  readonly region: string
  readonly server: string
  /** The newest position when the export began: everything up to it is in the file. */
  readonly head: number
  /** By namespace, what its key makes of a known text (see Sealer.probes); null where the keys were not at hand. */
  readonly keys: Readonly<Record<string, string>> | null
}

export type LogFooter = {
  readonly events: number
  /** Streams whose first event is in the file: all but those that keep their newest event alone. */
  readonly streams: number
  /** Bytes of all lines before this one. */
  readonly bytes: number
  /** Events by type. */
  readonly types: Readonly<Record<string, number>>
  readonly sha256: string
}

export type LogItem =
  | { readonly kind: 'header'; readonly line: number; readonly header: LogHeader }
  /** `bytes` are those of the whole line. */
  | { readonly kind: 'event'; readonly line: number; readonly bytes: number; readonly event: RecordedEvent }
  | { readonly kind: 'footer'; readonly line: number; readonly footer: LogFooter }

const CRC_DIGITS = 8
const HEX = 16

/** How a line ends: its last field is the checksum over everything before that field, and over all earlier lines. */
export const lineEnd = (crc: number): string => `,"crc":"${crc.toString(HEX).padStart(CRC_DIGITS, '0')}"}`
export const LINE_END_BYTES = lineEnd(0).length

export const damaged = (name: string, line: number, why: string): AppError =>
  new AppError('LOG_FILE_DAMAGED', `${name} is damaged at line ${line}: ${why}`, {
    hint: 'nothing of it can be trusted from there on: use another copy, or export the log again',
  })

export const tooNew = (name: string, line: number, what: string): AppError =>
  new AppError('LOG_FILE_NEWER', `${name} was made by a newer Muster: line ${line} holds ${what}`, {
    hint: 'use the version that made it, or a newer one',
  })
