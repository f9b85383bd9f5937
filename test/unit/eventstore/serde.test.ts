import { expect, test } from 'vitest'
import {
  encodeAppend,
  encodeBatch,
  MAX_APPENDS_PER_BATCH,
  MAX_BATCH_BYTES,
  MAX_STREAM_NAME_LENGTH,
  MAX_TYPE_NAME_LENGTH,
} from '../../../src/eventstore/serde.ts'
import { newEvent, newEvents } from '../../support/eventstore.ts'

const append = (stream: string, events = newEvents(1)) => ({ stream, expected: 'any' as const, events })

test('a batch is taken at the limit of its appends and refused above it', () => {
  const appends = Array.from({ length: MAX_APPENDS_PER_BATCH }, (_, index) => append(`job-${index}`))
  expect(encodeBatch(appends)).toHaveLength(MAX_APPENDS_PER_BATCH)
  expect(() => encodeBatch([...appends, append('job-more')])).toThrow(/1025 appends was refused.*1024/)
})

test('a batch is taken at the limit of its bytes and refused above it', () => {
  const large = append('job-a', [newEvent('x'.repeat(900_000))])
  const { bytes } = encodeAppend(large)
  const fitting = Math.floor(MAX_BATCH_BYTES / bytes)
  const rest = MAX_BATCH_BYTES - fitting * bytes
  const filler = (size: number) => append('job-b', [newEvent('x'.repeat(size))])
  const overhead = encodeAppend(filler(0)).bytes
  const full = Array.from({ length: fitting }, () => large)
  expect(encodeBatch([...full, filler(rest - overhead)])).toHaveLength(fitting + 1)
  expect(() => encodeBatch([...full, filler(rest - overhead + 1)])).toThrow(`${MAX_BATCH_BYTES + 1} bytes`)
})

test('names are taken up to their limits', () => {
  const longest = 'j'.repeat(MAX_STREAM_NAME_LENGTH)
  expect(encodeAppend(append(longest)).stream).toBe(longest)
  expect(() => encodeAppend(append(`${longest}j`))).toThrow('no name of a stream')
  const type = 'T'.repeat(MAX_TYPE_NAME_LENGTH)
  expect(encodeAppend(append('job-a', [{ ...newEvent(), type }])).events[0]?.type).toBe(type)
  expect(() => encodeAppend(append('job-a', [{ ...newEvent(), type: `${type}T` }]))).toThrow('no type of an event')
})

test.each([
  ['no events', append('job-a', [])],
  ['no name of a stream', append('')],
  ['an id that is no UUID', append('job-a', [newEvent({}, 'one')])],
  ['an id in capitals', append('job-a', [newEvent({}, 'A0000000-0000-4000-8000-000000000000')])],
  ['a negative revision', { ...append('job-a'), expected: -1 }],
  ['a fractional revision', { ...append('job-a'), expected: 0.5 }],
])('an append with %s is a mistake of its caller', (_what, mistaken) => {
  expect(() => encodeAppend(mistaken)).toThrow('invariant broken')
})
