import { describe, expect, it } from 'vitest'
import { formatGoDuration, MAX_DURATION_TEXT_LENGTH, parseGoDuration } from '../../../../src/lang/goflags/index.ts'

describe('parseGoDuration', () => {
  it.each<[string, number]>([
    ['0', 0],
    ['0s', 0],
    ['15s', 15_000],
    ['1h30m', 5_400_000],
    ['250ms', 250],
    ['1.5s', 1_500],
    ['.5s', 500],
    ['1.s', 1_000],
    ['-1m', -60_000],
    ['+2h', 7_200_000],
    ['100us', 0.1],
    ['100µs', 0.1],
    ['100μs', 0.1],
    ['1ns', 0.000001],
    ['3m2s1ms', 182_001],
    ['1m1h', 3_660_000],
    ['-0', 0],
  ])('reads %s as %d ms', (text, ms) => {
    expect(parseGoDuration(text)).toBe(ms)
  })

  it.each(['', '-', '.s', 's', '1', '15', '1 s', '1d', '1h 30m', 'h1', '--1s', '1e3s', '3000000h', '∞'])(
    'refuses %j as Go does',
    text => {
      expect(parseGoDuration(text)).toBeNull()
    },
  )

  it('refuses a text above the limit and reads one at it', () => {
    expect(parseGoDuration(`${'0'.repeat(MAX_DURATION_TEXT_LENGTH - 2)}1s`)).toBe(1_000)
    expect(parseGoDuration(`${'0'.repeat(MAX_DURATION_TEXT_LENGTH - 1)}1s`)).toBeNull()
  })
})

describe('formatGoDuration', () => {
  it.each<[number, string]>([
    [0, '0s'],
    [250, '250ms'],
    [1_500, '1.5s'],
    [90_000, '1m30s'],
    [3_600_000, '1h0m0s'],
    [9_223_200_000, '2562h0m0s'],
    [-60_000, '-1m0s'],
    [0.1, '100µs'],
    [1.5, '1.5ms'],
    [0.000001, '1ns'],
    [61_001, '1m1.001s'],
  ])('prints %d ms as %s', (ms, text) => {
    expect(formatGoDuration(ms)).toBe(text)
  })
})
