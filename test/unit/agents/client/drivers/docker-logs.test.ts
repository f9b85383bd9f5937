import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  advance,
  isTaken,
  type StreamCursor,
  sinceOf,
} from '../../../../../src/agents/client/drivers/docker/log-cursor.ts'
import { createFrameReader, type LogRecord } from '../../../../../src/agents/client/drivers/docker/log-frames.ts'

const time = (number: number): string => `2026-01-01T00:00:00.${String(number).padStart(9, '0')}Z`

const frame = (kind: number, body: string): Buffer => {
  const header = Buffer.alloc(8)
  header.writeUInt8(kind, 0)
  header.writeUInt32BE(Buffer.byteLength(body), 4)
  return Buffer.concat([header, Buffer.from(body)])
}

describe('frames', () => {
  it('are read whatever the pieces that they come in', () => {
    const all = Buffer.concat([frame(1, `${time(1)} a\n`), frame(2, `${time(2)} b c\n`), frame(1, `${time(3)} \n`)])
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 200 }), sizes => {
        const read = createFrameReader()
        const records: LogRecord[] = []
        let start = 0
        for (const size of sizes) {
          records.push(...read(all.subarray(start, start + size)))
          start += size
        }
        records.push(...read(all.subarray(start)))
        expect(records.map(({ stream, at, bytes }) => [stream, at, Buffer.from(bytes).toString()])).toEqual([
          ['stdout', time(1), 'a\n'],
          ['stderr', time(2), 'b c\n'],
          ['stdout', time(3), '\n'],
        ])
      }),
      { numRuns: 50 },
    )
  })

  it('that cannot be Docker’s end the reading', () => {
    expect(() => createFrameReader()(Buffer.from('HTTP/1.1 nonsense'))).toThrow('none of Docker')
  })
})

describe('the cursor', () => {
  const place = { number: 0, offset: 0 }
  const fresh: StreamCursor = { place, at: '', countAtTime: 0 }

  it('takes every record once, wherever the reading was broken off and however many share a time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 30 }),
        fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
        (steps, breaks) => {
          let now = 0
          const records = steps.map((step, index): LogRecord => {
            now += step
            return { stream: 'stdout', at: time(now), bytes: Buffer.from(String(index)) }
          })
          let cursor = fresh
          const taken: string[] = []
          // Each reading begins at the cursor's time, as Docker's `since` does, and ends after some records.
          for (const length of [...breaks, records.length]) {
            const begin = cursor
            const available = records.filter(record => record.at >= begin.at)
            let seen = 0
            for (const record of available.slice(0, length === records.length ? available.length : length)) {
              if (record.at === begin.at) seen += 1
              if (isTaken(begin, record, seen)) continue
              taken.push(Buffer.from(record.bytes).toString())
              cursor = advance(cursor, record, place)
            }
          }
          expect(taken).toEqual(records.map((_, index) => String(index)))
        },
      ),
      { numRuns: 100 },
    )
  })

  it('asks Docker from the older of both streams on', () => {
    const at = (text: string): StreamCursor => ({ ...fresh, at: text })
    expect(sinceOf({ stdout: at(time(7)), stderr: at(time(9)) })).toBe('1767225600.000000007')
    expect(sinceOf({ stdout: at(time(7)), stderr: fresh })).toBe('0')
  })
})
