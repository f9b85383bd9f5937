import { CronExpressionParser } from 'cron-parser'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type CronSchedule, next, parseNomadCron } from '../../../../src/lang/cron/index.ts'

const MINUTE_MS = 60_000

/** A field as text together with what it means, told independently of the parser. */
type Field = { readonly text: string; readonly has: (value: number) => boolean }

const fieldOf = (first: number, last: number): fc.Arbitrary<Field> => {
  const value = fc.integer({ min: first, max: last })
  const any = fc.constant<Field>({ text: '*', has: () => true })
  const list = fc.uniqueArray(value, { minLength: 1, maxLength: 4 }).map<Field>(values => ({
    text: values.join(','),
    has: candidate => values.includes(candidate),
  }))
  const range = fc.tuple(value, value, fc.integer({ min: 1, max: 5 })).map<Field>(([left, right, step]) => {
    const [from, to] = [Math.min(left, right), Math.max(left, right)]
    return {
      text: `${from}-${to}/${step}`,
      has: candidate => candidate >= from && candidate <= to && (candidate - from) % step === 0,
    }
  })
  const stepped = fc.tuple(value, fc.integer({ min: 1, max: 5 })).map<Field>(([from, step]) => ({
    text: `${from}/${step}`,
    has: candidate => candidate >= from && (candidate - from) % step === 0,
  }))
  return fc.oneof(any, list, range, stepped)
}

type Cron = { readonly text: string; readonly matches: (local: Date) => boolean }

const cron: fc.Arbitrary<Cron> = fc
  .tuple(fieldOf(0, 59), fieldOf(0, 23), fieldOf(1, 31), fieldOf(1, 12), fieldOf(0, 6))
  .map(([minute, hour, monthDay, month, weekDay]) => {
    const restrictsBothDays = monthDay.text !== '*' && weekDay.text !== '*'
    const isDay = (local: Date): boolean => {
      const [byMonth, byWeek] = [monthDay.has(local.getUTCDate()), weekDay.has(local.getUTCDay())]
      return restrictsBothDays ? byMonth || byWeek : byMonth && byWeek
    }
    return {
      text: [minute, hour, monthDay, month, weekDay].map(field => field.text).join(' '),
      matches: local =>
        minute.has(local.getUTCMinutes()) &&
        hour.has(local.getUTCHours()) &&
        month.has(local.getUTCMonth() + 1) &&
        isDay(local),
    }
  })

const scheduleOf = (text: string): CronSchedule => {
  const parsed = parseNomadCron(text)
  if (!parsed.ok) throw new Error(`${text}: ${parsed.message}`)
  return parsed.schedule
}

const instant = fc.integer({ min: Date.UTC(2020, 0, 1), max: Date.UTC(2035, 0, 1) })

/** All instants in a window at which `next` fires, one after the other. */
const firesIn = (schedule: CronSchedule, from: number, to: number, timeZone: string): readonly number[] => {
  const instants: number[] = []
  let after = from
  for (;;) {
    const fired = next(schedule, after, timeZone)
    if (fired === null || fired > to) return instants
    instants.push(fired)
    after = fired
  }
}

describe('next', () => {
  it('is later than what it was asked after, on a whole second, and matches the fields', () => {
    fc.assert(
      fc.property(cron, instant, ({ text, matches }, after) => {
        const fired = next(scheduleOf(text), after, 'UTC')
        if (fired === null) return
        expect(fired).toBeGreaterThan(after)
        expect(fired % MINUTE_MS).toBe(0)
        expect(matches(new Date(fired))).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('equals a walk over every minute of three days', () => {
    fc.assert(
      fc.property(cron, instant, ({ text, matches }, from) => {
        const to = from + 3 * 86_400_000
        const walked: number[] = []
        for (let at = (Math.floor(from / MINUTE_MS) + 1) * MINUTE_MS; at <= to; at += MINUTE_MS) {
          if (matches(new Date(at))) walked.push(at)
        }
        expect(firesIn(scheduleOf(text), from, to, 'UTC')).toEqual(walked)
      }),
      { numRuns: 25 },
    )
  })

  it('agrees with cron-parser in UTC where both know the dialect', () => {
    fc.assert(
      fc.property(cron, instant, ({ text }, after) => {
        const ours = next(scheduleOf(text), after, 'UTC')
        const possible = ours !== null && ours < after + 3 * 366 * 86_400_000
        if (!possible) return
        const theirs = CronExpressionParser.parse(steppedAsRange(text), { currentDate: new Date(after), tz: 'UTC' })
        expect(ours).toBe(theirs.next().getTime())
      }),
      { numRuns: 60 },
    )
  })

  it.each([
    ['America/New_York', Date.UTC(2026, 2, 8, 7)],
    ['America/New_York', Date.UTC(2026, 10, 1, 6)],
    ['Europe/Berlin', Date.UTC(2026, 2, 29, 1)],
    ['Europe/Berlin', Date.UTC(2026, 9, 25, 1)],
    ['Australia/Lord_Howe', Date.UTC(2026, 3, 4, 15)],
    ['America/Sao_Paulo', Date.UTC(2018, 10, 4, 3)],
  ])('equals a walk over the local clock of %s around its change at %d', (timeZone, change) => {
    const local = localClock(timeZone)
    const quarter = 15 * MINUTE_MS
    const instants = Array.from({ length: 4 * 60 }, (_, index) => change + (index - 120) * quarter)
    const clock = instants.map(at => [at, local(at)] as const)
    const quarters = fc.subarray([0, 15, 30, 45], { minLength: 1 }).map(values => values.join(','))
    const hours = fieldOf(0, 23)
    fc.assert(
      fc.property(quarters, hours, (minutes, hour) => {
        const wanted = new Set(minutes.split(',').map(Number))
        const walked = clock
          .filter(([, at]) => wanted.has(at.getUTCMinutes()) && hour.has(at.getUTCHours()))
          .map(([at]) => at)
        const first = (instants[0] ?? 0) - 1
        expect(firesIn(scheduleOf(`${minutes} ${hour.text} * * *`), first, instants.at(-1) ?? 0, timeZone)).toEqual(
          walked,
        )
      }),
      { numRuns: 25 },
    )
  })
})

/** cron-parser counts Sunday as 0 and as 7, so a step to the end of the week is written out for it. */
const steppedAsRange = (text: string): string => {
  const fields = text.split(' ')
  const weekDay = fields[4] ?? ''
  return ['0', ...fields.slice(0, 4), /^\d\/\d$/.test(weekDay) ? weekDay.replace('/', '-6/') : weekDay].join(' ')
}

/** A local clock of the test's own, by another path through Intl than the code uses. */
const localClock = (timeZone: string): ((instantMs: number) => Date) => {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'longOffset' })
  return instantMs => {
    const name = format.formatToParts(instantMs).find(part => part.type === 'timeZoneName')?.value ?? ''
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? []
    return new Date(instantMs + (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS)
  }
}
