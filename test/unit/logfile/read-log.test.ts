import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import { checkLog } from '../../../src/logfile/check-log.ts'
import { LOG_VERSION, MAX_LINE_BYTES } from '../../../src/logfile/format.ts'
import { linesOf } from '../../../src/logfile/lines.ts'
import { createLogWriter } from '../../../src/logfile/write-log.ts'
import { isAppError } from '../../../src/platform/errors.ts'
import { newEvent } from '../../support/eventstore.ts'
import { bytesOf, chunksOf, eventsOf, exportFacts, exportToBytes, linesIn } from '../../support/log-file.ts'

const smallStore = async () => {
  const store = createMemoryStore()
  await store.append('job-a', 'no-stream', [newEvent({ text: 'ä € 𝄞 \u2028 "\n' }), newEvent([1, { a: null }])])
  await store.append('source-b', 'no-stream', [newEvent('x')])
  await store.append('job-a', 1, [newEvent({})])
  return store
}

/** The code and the line that a file is refused with. */
const refusalOf = async (bytes: Uint8Array): Promise<string> => {
  try {
    await checkLog('log', chunksOf(bytes))
    return 'sound'
  } catch (error) {
    return isAppError(error) ? `${error.code} ${/line \d+/.exec(error.message)?.[0]}` : String(error)
  }
}

describe('an exported log', () => {
  it('holds every event as it was, and counts them', async () => {
    const store = await smallStore()
    const seen: unknown[] = []
    const bytes = await exportToBytes(store)
    const { header, footer } = await checkLog('log', chunksOf(bytes), event => seen.push(event))
    expect(seen).toEqual(await eventsOf(store))
    expect(header).toMatchObject({ format: 'muster-log', version: 1, head: 3, region: 'global' })
    expect(footer).toMatchObject({ events: 4, streams: 2, types: { SomethingHappened: 4 } })
    expect(footer.bytes).toBe(bytes.length - Buffer.byteLength(linesIn(bytes).at(-1) ?? '') - 1)
  })

  it('is the same in pieces of any size', async () => {
    const bytes = await exportToBytes(await smallStore())
    const whole = await checkLog('log', chunksOf(bytes))
    for (const size of [1, 2, 7, 100]) expect(await checkLog('log', chunksOf(bytes, size))).toEqual(whole)
  })

  it('of an empty store has its two ends', async () => {
    const { header, footer } = await checkLog('log', chunksOf(await exportToBytes(createMemoryStore())))
    expect([header.head, footer.events, footer.streams]).toEqual([-1, 0, 0])
  })
})

describe('a damaged log', () => {
  it('is refused at the line of the bit that was flipped, wherever it is', async () => {
    const bytes = await exportToBytes(await smallStore())
    let line = 1
    for (const [at, byte] of bytes.entries()) {
      const flipped = Buffer.from(bytes)
      flipped[at] = byte ^ (1 << (at % 8))
      expect([at, await refusalOf(flipped)]).toEqual([at, `LOG_FILE_DAMAGED line ${line}`])
      if (byte === 0x0a) line += 1
    }
  })

  it('is refused wherever it was cut off', async () => {
    const bytes = await exportToBytes(await smallStore())
    for (let length = 0; length < bytes.length; length++) {
      const lines = bytes.subarray(0, length).filter(byte => byte === 0x0a).length
      expect([length, await refusalOf(bytes.subarray(0, length))]).toEqual([
        length,
        `LOG_FILE_DAMAGED line ${lines + 1}`,
      ])
    }
  })

  it('is refused where a line is missing, twice there or out of place', async () => {
    const lines = linesIn(await exportToBytes(await smallStore()))
    expect(lines).toHaveLength(6)
    for (const at of lines.keys()) {
      const without = lines.toSpliced(at, 1)
      expect(await refusalOf(bytesOf(without))).toBe(`LOG_FILE_DAMAGED line ${at + 1}`)
      const twice = lines.toSpliced(at, 0, lines[at] ?? '')
      expect(await refusalOf(bytesOf(twice))).toBe(`LOG_FILE_DAMAGED line ${at + 2}`)
    }
    const [a = '', b = '', c = '', ...rest] = lines
    expect(await refusalOf(bytesOf([a, c, b, ...rest]))).toBe('LOG_FILE_DAMAGED line 2')
  })

  it('is refused if it is two files one behind the other', async () => {
    const bytes = await exportToBytes(await smallStore())
    expect(await refusalOf(Buffer.concat([bytes, bytes]))).toBe('LOG_FILE_DAMAGED line 7')
  })

  it('is refused with what the program never writes, be its checksums right', async () => {
    const [event] = await eventsOf(await smallStore())
    if (event === undefined) throw new Error('there is an event')
    const { header, ...writer } = createLogWriter()
    const start = header({ ...exportFacts, head: 0 })
    const first = writer.event(event)
    expect(await refusalOf(Buffer.concat([start, first, writer.event(event), writer.footer()]))).toBe(
      'LOG_FILE_DAMAGED line 3',
    )
    const other = createLogWriter()
    expect(await refusalOf(Buffer.concat([other.event(event), other.footer()]))).toBe('LOG_FILE_DAMAGED line 1')
    const odd = createLogWriter()
    const parts = [odd.header({ ...exportFacts, head: 0 }), odd.event({ ...event, revision: -1 }), odd.footer()]
    expect(await refusalOf(Buffer.concat(parts))).toBe('LOG_FILE_DAMAGED line 2')
  })

  it('is no log at all if it is something else', async () => {
    for (const text of ['', '\n', 'PNG', '{"format":"muster-log","version":1}\n', '[1]\n'])
      expect(await refusalOf(Buffer.from(text))).toBe('LOG_FILE_DAMAGED line 1')
  })

  it('is refused with a line beyond the limit, before all of it is read', async () => {
    const line = (length: number) => Buffer.from(`${'x'.repeat(length)}\n`)
    const count = async (length: number) => {
      let lines = 0
      for await (const found of linesOf('log', chunksOf(line(length)))) lines += found.length
      return lines
    }
    expect(await count(MAX_LINE_BYTES - 1)).toBe(1)
    expect(await count(MAX_LINE_BYTES)).toBe(1)
    await expect(count(MAX_LINE_BYTES + 1)).rejects.toThrow(`longer than ${MAX_LINE_BYTES} bytes`)
    const endless = async function* () {
      for (;;) yield Buffer.alloc(1_000_000, 'x')
    }
    await expect(checkLog('log', endless())).rejects.toThrow('at line 1: it is longer')
  })
})

describe('a log of a newer Muster', () => {
  it('is refused by its first line', async () => {
    const writer = createLogWriter()
    const facts = { ...exportFacts, head: -1, version: LOG_VERSION + 1 }
    expect(await refusalOf(writer.header(facts))).toBe('LOG_FILE_NEWER line 1')
    expect(await refusalOf(createLogWriter().header({ ...exportFacts, head: -1 }))).toBe('LOG_FILE_DAMAGED line 2')
  })
})
