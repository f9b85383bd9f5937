import { afterEach, describe, expect, it } from 'vitest'
import { ago, launchTime, localTime, utcTime } from '../../../../src/cli/render/time.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const at = Date.UTC(2023, 2, 10, 17, 16, 9, 987)

const zone = process.env['TZ']
const useZone = (name: string | undefined): void => {
  if (name === undefined) delete process.env['TZ']
  else process.env['TZ'] = name
}
afterEach(() => useZone(zone))

describe('instants', () => {
  it('are shown in UTC to the second', () => {
    expect(utcTime(at)).toBe('2023-03-10T17:16:09Z')
  })

  it.each([
    ['America/New_York', '2023-03-10T12:16:09-05:00'],
    ['Asia/Kolkata', '2023-03-10T22:46:09+05:30'],
    ['UTC', '2023-03-10T17:16:09Z'],
  ])('are shown in the local zone %s with its offset', (name, expected) => {
    useZone(name)
    expect(localTime(at)).toBe(expected)
  })

  it.each([
    [0, '0s ago'],
    [400, '0s ago'],
    [59 * SECOND, '59s ago'],
    [110 * SECOND, '1m50s ago'],
    [120 * SECOND, '2m ago'],
    [2 * HOUR + 5 * SECOND, '2h5s ago'],
    [25 * HOUR + 61 * SECOND, '1d1h ago'],
    [24 * HOUR * 64, '2mo4d ago'],
    [24 * HOUR * 365 * 2, '2y10d ago'],
    [-5 * SECOND, '5s from now'],
  ])('%s ms ago are %s', (age, expected) => {
    expect(ago(at - age, at)).toBe(expected)
  })

  it('of launches say how many whole seconds are left', () => {
    const now = Date.UTC(2023, 2, 10, 17, 24, 17, 900)
    expect(launchTime(Date.UTC(2023, 2, 10, 17, 24, 18), now)).toBe('2023-03-10T17:24:18Z (1s from now)')
    expect(launchTime(now + 90 * SECOND, now)).toBe('2023-03-10T17:25:47Z (1m30s from now)')
  })
})
