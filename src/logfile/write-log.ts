import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { RecordedEvent } from '../eventstore/port.ts'
import { LOG_FORMAT, LOG_VERSION, type LogFooter, type LogHeader, lineEnd } from './format.ts'

export type LogFacts = Omit<LogHeader, 'format' | 'version'>

export type LogWriter = {
  readonly header: (facts: LogFacts) => Buffer
  readonly event: (event: RecordedEvent) => Buffer
  readonly footer: () => Buffer
}

/** Makes the lines of one file, in the order in which they are asked for. */
export const createLogWriter = (): LogWriter => {
  const hash = createHash('sha256')
  const types: Record<string, number> = {}
  let crc = 0
  let bytes = 0
  let events = 0
  let streams = 0

  const line = (content: object): Buffer => {
    const text = Buffer.from(JSON.stringify(content).slice(0, -1))
    crc = crc32(text, crc)
    const whole = Buffer.concat([text, Buffer.from(`${lineEnd(crc)}\n`)])
    hash.update(whole)
    bytes += whole.length
    return whole
  }

  return {
    header: facts => line({ format: LOG_FORMAT, version: LOG_VERSION, ...facts } satisfies LogHeader),
    event: ({ position, stream, revision, id, type, data, metadata }) => {
      events += 1
      if (revision === 0) streams += 1
      types[type] = (types[type] ?? 0) + 1
      return line({ position, stream, revision, id, type, data, metadata } satisfies RecordedEvent)
    },
    footer: () => line({ events, streams, bytes, types, sha256: hash.copy().digest('hex') } satisfies LogFooter),
  }
}
