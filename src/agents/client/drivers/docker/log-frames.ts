/**
 * Reads Docker's multiplexed log stream: frames of an eight-byte header (stream, length) and one record each, which with
 * `timestamps` begins with its time and a space. A line longer than 16 KiB comes as several records.
 */

export type LogStream = 'stdout' | 'stderr'

export type LogRecord = {
  readonly stream: LogStream
  /** RFC 3339 with nine decimals in UTC, so that texts compare as times do. */
  readonly at: string
  readonly bytes: Uint8Array
}

const HEADER_BYTES = 8
/** Docker cuts lines at 16 KiB; a frame far beyond that means that the stream is no log stream. */
const MAX_FRAME_BYTES = 1_048_576
const SPACE = 0x20

const recordOf = (kind: number, body: Buffer): LogRecord => {
  const space = body.indexOf(SPACE)
  const end = space === -1 ? body.length : space
  return {
    stream: kind === 2 ? 'stderr' : 'stdout',
    at: body.toString('latin1', 0, end),
    bytes: body.subarray(Math.min(body.length, end + 1)),
  }
}

/** Answers a function that takes the stream's chunks one after the other and gives the records that are complete. */
export const createFrameReader = (): ((chunk: Uint8Array) => readonly LogRecord[]) => {
  let rest: Buffer = Buffer.alloc(0)
  return chunk => {
    const buffer = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk])
    const records: LogRecord[] = []
    let start = 0
    while (buffer.length - start >= HEADER_BYTES) {
      const length = buffer.readUInt32BE(start + 4)
      if (length > MAX_FRAME_BYTES) throw new Error(`a log frame of ${length} bytes is none of Docker's`)
      const end = start + HEADER_BYTES + length
      if (buffer.length < end) break
      records.push(recordOf(buffer.readUInt8(start), buffer.subarray(start + HEADER_BYTES, end)))
      start = end
    }
    rest = buffer.subarray(start)
    return records
  }
}
