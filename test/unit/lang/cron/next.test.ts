import { describe, expect, it } from 'vitest'
import { CRON_LAST_YEAR, isTimeZone, next, parseNomadCron } from '../../../../src/lang/cron/index.ts'

/** The next `count` instants of an expression in ISO form, fewer when it stops firing. */
const fires = (expression: string, after: string, count = 4, timeZone = 'UTC'): readonly string[] => {
  const parsed = parseNomadCron(expression)
  if (!parsed.ok) throw new Error(parsed.message)
  const instants: string[] = []
  let from = Date.parse(after)
  while (instants.length < count) {
    const instant = next(parsed.schedule, from, timeZone)
    if (instant === null) break
    instants.push(new Date(instant).toISOString().replace('.000Z', 'Z'))
    from = instant
  }
  return instants
}

describe('next in UTC', () => {
  it('fires every three seconds for the employee of the tutorial', () => {
    expect(fires('0/3 * * * * * *', '2026-01-31T23:59:56.500Z')).toEqual([
      '2026-01-31T23:59:57Z',
      '2026-02-01T00:00:00Z',
      '2026-02-01T00:00:03Z',
      '2026-02-01T00:00:06Z',
    ])
  })

  it('never answers the instant that it was asked after', () => {
    expect(fires('0 0 * * *', '2026-03-01T00:00:00Z', 1)).toEqual(['2026-03-02T00:00:00Z'])
    expect(fires('0 0 * * *', '2026-02-28T23:59:59.999Z', 1)).toEqual(['2026-03-01T00:00:00Z'])
  })

  it.each<[string, readonly string[]]>([
    ['0 0 L * *', ['2026-03-31', '2026-04-30', '2026-05-31', '2026-06-30']],
    ['0 0 L 2 *', ['2027-02-28', '2028-02-29', '2029-02-28', '2030-02-28']],
    ['0 0 LW * *', ['2026-03-31', '2026-04-30', '2026-05-29', '2026-06-30']],
    ['0 0 15W * *', ['2026-03-16', '2026-04-15', '2026-05-15', '2026-06-15']],
    ['0 0 1W 8 *', ['2026-08-03', '2027-08-02', '2028-08-01', '2029-08-01']],
    ['0 0 31W * *', ['2026-03-31', '2026-05-29', '2026-07-31', '2026-08-31']],
    ['0 0 * * 5L', ['2026-03-27', '2026-04-24', '2026-05-29', '2026-06-26']],
    ['0 0 ? * 5#3', ['2026-03-20', '2026-04-17', '2026-05-15', '2026-06-19']],
    ['0 0 ? * 1#5', ['2026-03-30', '2026-06-29', '2026-08-31', '2026-11-30']],
    ['0 0 13 * 5', ['2026-03-13', '2026-03-20', '2026-03-27', '2026-04-03']],
    ['0 0 13 * ?', ['2026-03-13', '2026-04-13', '2026-05-13', '2026-06-13']],
    ['0 0 29 2 *', ['2028-02-29', '2032-02-29', '2036-02-29', '2040-02-29']],
    ['0 0 1 1 * 2027,2030/40', ['2027-01-01', '2030-01-01', '2070-01-01']],
    ['0 0 31 12 * 2098', ['2098-12-31']],
  ])('fires for %s on %j', (expression, days) => {
    expect(fires(expression, '2026-03-07T05:00:00Z')).toEqual(days.map(day => `${day}T00:00:00Z`))
  })

  it.each(['0 0 31 2 *', '0 0 1 1 * 2020', '0 0 31 2,4,6,9,11 ?'])(
    'answers null for %s, which never fires',
    expression => {
      expect(fires(expression, '2026-03-07T05:00:00Z')).toEqual([])
    },
  )

  it('fires up to the last second of its last year and not beyond', () => {
    expect(fires('59 59 23 31 12 * *', `${CRON_LAST_YEAR}-12-31T23:59:58Z`)).toEqual([
      `${CRON_LAST_YEAR}-12-31T23:59:59Z`,
    ])
  })

  it('starts with its first year for any earlier instant', () => {
    expect(fires('0 0 * * *', '1950-06-01T00:00:00Z', 1)).toEqual(['1970-01-01T00:00:00Z'])
  })
})

describe('next across a change of clocks', () => {
  it('skips a local time that does not exist, for that day (New York, 8 March 2026)', () => {
    expect(fires('30 2 * * *', '2026-03-07T00:00:00Z', 3, 'America/New_York')).toEqual([
      '2026-03-07T07:30:00Z',
      '2026-03-09T06:30:00Z',
      '2026-03-10T06:30:00Z',
    ])
  })

  it('fires twice when a local time is shown twice (New York, 1 November 2026)', () => {
    expect(fires('30 1 * * *', '2026-10-31T00:00:00Z', 4, 'America/New_York')).toEqual([
      '2026-10-31T05:30:00Z',
      '2026-11-01T05:30:00Z',
      '2026-11-01T06:30:00Z',
      '2026-11-02T06:30:00Z',
    ])
  })

  it('skips and repeats in Berlin too (29 March and 25 October 2026)', () => {
    expect(fires('30 2 * * *', '2026-03-28T00:00:00Z', 2, 'Europe/Berlin')).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-30T00:30:00Z',
    ])
    expect(fires('30 2 * * *', '2026-10-24T12:00:00Z', 3, 'Europe/Berlin')).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T01:30:00Z',
      '2026-10-26T01:30:00Z',
    ])
  })

  it.each([
    ['2026-03-08T06:00:00Z', 'forward'],
    ['2026-11-01T05:00:00Z', 'back'],
  ])('keeps firing every half hour while the clocks go over %s (%s)', after => {
    const start = Date.parse(after)
    const halfHours = Array.from({ length: 6 }, (_, index) =>
      new Date(start + (index + 1) * 1_800_000).toISOString().replace('.000Z', 'Z'),
    )
    expect(fires('*/30 * * * *', after, 6, 'America/New_York')).toEqual(halfHours)
  })

  it('knows a change of half an hour (Lord Howe, 5 April and 4 October 2026)', () => {
    expect(fires('45 1 * * *', '2026-04-04T00:00:00Z', 2, 'Australia/Lord_Howe')).toEqual([
      '2026-04-04T14:45:00Z',
      '2026-04-04T15:15:00Z',
    ])
    expect(fires('15 2 * * *', '2026-10-03T00:00:00Z', 1, 'Australia/Lord_Howe')).toEqual(['2026-10-04T15:15:00Z'])
  })

  it('skips a whole day that a zone left out (Apia, 30 December 2011)', () => {
    expect(fires('0 12 * * *', '2011-12-29T00:00:00Z', 2, 'Pacific/Apia')).toEqual([
      '2011-12-29T22:00:00Z',
      '2011-12-30T22:00:00Z',
    ])
  })

  it('answers null for a time that only ever falls into the gap', () => {
    expect(fires('30 2 ? 3 0#2', '2026-01-01T00:00:00Z', 1, 'America/New_York')).toEqual([])
  })
})

describe('isTimeZone', () => {
  it('knows IANA names only', () => {
    expect(['UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia'].map(isTimeZone)).toEqual([true, true, true])
    expect(['', 'Mars/Olympus', '+01:00', 'Local'].map(isTimeZone)).toEqual([false, false, false, false])
  })

  it('leaves an unknown zone to an exception, since callers check first', () => {
    expect(() => fires('* * * * *', '2026-01-01T00:00:00Z', 1, 'Mars/Olympus')).toThrow(RangeError)
  })
})
