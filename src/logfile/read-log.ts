import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { RecordedEvent } from '../eventstore/port.ts'
import {
  damaged,
  LINE_END_BYTES,
  LOG_FORMAT,
  LOG_VERSION,
  type LogFooter,
  type LogHeader,
  type LogItem,
  lineEnd,
  tooNew,
} from './format.ts'
import { linesOf } from './lines.ts'

type Fields = Readonly<Record<string, unknown>>

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0

const isEvent = (fields: Fields): fields is Fields & RecordedEvent =>
  isCount(fields['position']) &&
  isCount(fields['revision']) &&
  typeof fields['stream'] === 'string' &&
  typeof fields['id'] === 'string' &&
  typeof fields['type'] === 'string' &&
  fields['data'] !== undefined &&
  isRecord(fields['metadata'])

const isHeader = (fields: Fields): fields is Fields & LogHeader =>
  fields['format'] === LOG_FORMAT && isCount(fields['version'])

const isFooter = (fields: Fields): fields is Fields & LogFooter => typeof fields['sha256'] === 'string'

const eventOf = ({ position, stream, revision, id, type, data, metadata }: RecordedEvent): RecordedEvent => ({
  position,
  stream,
  revision,
  id,
  type,
  data,
  metadata,
})

/** What has been read of a file, and whether the next line can follow it. */
const createChecker = (name: string) => {
  const hash = createHash('sha256')
  let line = 0
  let crc = 0
  let bytes = 0
  let events = 0
  let streams = 0
  let position = -1
  let isOver = false
  const fail = (why: string): never => {
    throw damaged(name, line, why)
  }

  /** The fields of a line that is as it was written. */
  const parse = (text: Buffer): Fields => {
    const content = text.subarray(0, Math.max(0, text.length - LINE_END_BYTES))
    crc = crc32(content, crc)
    const isWhole = text.subarray(content.length).toString('latin1') === lineEnd(crc)
    if (!isWhole) return fail(line === 1 ? 'it is no log of Muster' : 'it is not as it was written')
    const fields: unknown = JSON.parse(text.toString('utf8'))
    return isRecord(fields) ? fields : fail('it is no object')
  }

  const header = (fields: Fields): LogItem => {
    if (!isHeader(fields)) return fail('it is no log of Muster')
    if (fields.version > LOG_VERSION) throw tooNew(name, line, `version ${fields.version} of the format`)
    return { kind: 'header', line, header: fields }
  }

  const footer = (fields: LogFooter): LogItem => {
    const isSame = fields.events === events && fields.streams === streams && fields.bytes === bytes
    if (!isSame || fields.sha256 !== hash.copy().digest('hex')) return fail('it does not count what is before it')
    isOver = true
    return { kind: 'footer', line, footer: fields }
  }

  const event = (fields: Fields, lineBytes: number): LogItem => {
    if (!isEvent(fields)) return fail('it is no event')
    if (fields.position <= position) return fail(`position ${fields.position} does not follow ${position}`)
    position = fields.position
    events += 1
    if (fields.revision === 0) streams += 1
    return { kind: 'event', line, bytes: lineBytes, event: eventOf(fields) }
  }

  return {
    read: (text: Buffer): LogItem => {
      line += 1
      if (isOver) return fail('it stands after the last line')
      const fields = parse(text)
      const item = line === 1 ? header(fields) : isFooter(fields) ? footer(fields) : event(fields, text.length)
      hash.update(text).update('\n')
      bytes += text.length + 1
      return item
    },
    end: (): void => {
      line += 1
      if (!isOver) fail('the file ends before its last line')
    },
  }
}

/**
 * Reads a file's lines and checks them, some at a time. Throws LOG_FILE_DAMAGED or LOG_FILE_NEWER, naming the line; a file
 * is sound only once this has come to its end.
 */
export async function* readLog(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly LogItem[]> {
  const checker = createChecker(name)
  for await (const lines of linesOf(name, chunks)) yield lines.map(line => checker.read(line))
  checker.end()
}
