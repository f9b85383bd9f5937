import { describe, expect, it } from 'vitest'
import { type CronSchedule, MAX_CRON_LENGTH, parseNomadCron } from '../../../../src/lang/cron/index.ts'

const parsed = (expression: string): CronSchedule => {
  const result = parseNomadCron(expression)
  if (!result.ok) throw new Error(`expected ${expression} to parse: ${result.message}`)
  return result.schedule
}

const refusal = (expression: string): string => {
  const result = parseNomadCron(expression)
  if (result.ok) throw new Error(`expected ${expression} to be refused`)
  return result.message
}

describe('parseNomadCron', () => {
  it('takes five fields from the minute on, firing at second 0', () => {
    expect(parsed('5 4 3 2 1')).toEqual({
      expression: '5 4 3 2 1',
      seconds: [0],
      minutes: [5],
      hours: [4],
      monthDays: { kind: 'restricted', days: [3], nearestWorkdays: [], hasLastDay: false, hasLastWorkday: false },
      months: [2],
      weekDays: { kind: 'restricted', days: [1], nth: [], last: [] },
      years: 'any',
    })
  })

  it('takes a sixth field as the year and a seventh as the sign that the first are seconds', () => {
    expect(parsed('5 4 3 2 1 2030')).toMatchObject({ seconds: [0], minutes: [5], years: [2030] })
    expect(parsed('9 5 4 3 2 1 2030')).toMatchObject({ seconds: [9], minutes: [5], years: [2030] })
    expect(parsed('*/15 * * * * *').minutes).toEqual([0, 15, 30, 45])
  })

  it('ignores what follows the seventh field', () => {
    expect(parsed('9 5 4 3 2 1 2030 and more')).toMatchObject({ seconds: [9], years: [2030] })
  })

  it.each<[string, readonly number[]]>([
    ['0/3', [0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 33, 36, 39, 42, 45, 48, 51, 54, 57]],
    ['50/4', [50, 54, 58]],
    ['*/59', [0, 59]],
    ['10-20/5', [10, 15, 20]],
    ['1,3,2,3,1-2', [1, 2, 3]],
    [',7,', [7]],
    ['05', [5]],
    ['59/1', [59]],
  ])('reads the minutes %s', (text, minutes) => {
    expect(parsed(`${text} * * * *`).minutes).toEqual(minutes)
  })

  it('reads names of months and days, long and short, in any case', () => {
    expect(parsed('0 0 * JAN,december,Mar-may *').months).toEqual([1, 3, 4, 5, 12])
    expect(parsed('0 0 * * MON-fri,Sunday').weekDays).toMatchObject({ days: [0, 1, 2, 3, 4, 5] })
  })

  it('takes seven as Sunday, alone, at the end of a range and as a start', () => {
    expect(parsed('0 0 * * 7').weekDays).toMatchObject({ days: [0] })
    expect(parsed('0 0 * * 5-7').weekDays).toMatchObject({ days: [0, 5, 6] })
    expect(parsed('0 0 * * fri-sun').weekDays).toMatchObject({ days: [0, 5, 6] })
    expect(parsed('0 0 * * 0-0').weekDays).toMatchObject({ days: [0] })
    expect(parsed('0 0 * * 7L').weekDays).toMatchObject({ last: [0] })
  })

  it('reads what only days understand', () => {
    expect(parsed('0 0 L,LW,15W,1w,10-11 * *').monthDays).toEqual({
      kind: 'restricted',
      days: [10, 11],
      nearestWorkdays: [15, 1],
      hasLastDay: true,
      hasLastWorkday: true,
    })
    expect(parsed('0 0 * * 5L,friL,sun#2,1#5').weekDays).toEqual({
      kind: 'restricted',
      days: [],
      nth: [
        { day: 0, week: 2 },
        { day: 1, week: 5 },
      ],
      last: [5, 5],
    })
  })

  it.each(['*', '?', '1,*', '?,L'])('leaves the days of the month open with %s', text => {
    expect(parsed(`0 0 ${text} * *`).monthDays).toEqual({ kind: 'any' })
  })

  it.each<[string, string]>([
    ['@yearly', '0 0 1 1 *'],
    ['@annually', '0 0 1 1 *'],
    ['@monthly', '0 0 1 * *'],
    ['@weekly', '0 0 * * 0'],
    ['@daily', '0 0 * * *'],
    [' @hourly ', '0 * * * *'],
  ])('reads the alias %s as %s', (alias, meaning) => {
    expect(parsed(alias)).toEqual({ ...parsed(meaning), expression: alias.trim() })
  })

  it('accepts an expression that never fires', () => {
    expect(parsed('0 0 31 2 *').months).toEqual([2])
  })

  it.each<[string, string]>([
    ['', 'missing field(s)'],
    ['   ', 'missing field(s)'],
    ['* * * *', 'missing field(s)'],
    ['@every 1h', 'unknown alias'],
    ['@reboot', 'unknown alias'],
    ['@midnight', 'unknown alias'],
    ['H H * * *', "syntax error in minute field: 'h'"],
    ['60 * * * *', 'syntax error in minute field'],
    ['* 24 * * *', 'syntax error in hour field'],
    ['* * 0 * *', 'syntax error in day-of-month field'],
    ['* * 32W * *', 'syntax error in day-of-month field'],
    ['* * L-3 * *', 'syntax error in day-of-month field'],
    ['* * * 13 *', 'syntax error in month field'],
    ['* * * ? 8', 'syntax error in day-of-week field'],
    ['* * * * 5#6', 'syntax error in day-of-week field'],
    ['* * * * L', 'syntax error in day-of-week field'],
    ['* * * * * 1969', 'syntax error in year field'],
    ['* * * * * 2100', 'syntax error in year field'],
    ['L * * * *', 'syntax error in minute field'],
    [', * * * *', 'minute field: missing directive'],
    ['*/0 * * * *', "invalid interval '*/0' in minute field"],
    ['*/60 * * * *', "invalid interval '*/60' in minute field"],
    ['50-10 * * * *', 'runs backwards'],
    ['* * * * sat-mon', 'runs backwards'],
    ['1-2-3 * * * *', 'syntax error'],
    ['-1 * * * *', 'syntax error'],
    ['1.5 * * * *', 'syntax error'],
  ])('refuses %j', (expression, reason) => {
    expect(refusal(expression)).toContain(reason)
  })

  it('refuses an expression above the limit and reads one at it', () => {
    expect(refusal('* '.repeat(MAX_CRON_LENGTH / 2 + 1))).toContain('more than the 1024 allowed')
    expect(parsed('* '.repeat(MAX_CRON_LENGTH / 2)).years).toBe('any')
  })
})
