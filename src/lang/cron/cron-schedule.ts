/** Years that a schedule may name and the last in which a next instant is looked for: beyond it a cron never fires. */
export const CRON_FIRST_YEAR = 1970
export const CRON_LAST_YEAR = 2099

/** The days of the month that a schedule names. Unrestricted (`*` or `?`) the day of the week decides alone. */
export type MonthDays =
  | { readonly kind: 'any' }
  | {
      readonly kind: 'restricted'
      readonly days: readonly number[]
      /** `15W`: the working day nearest to each of these, in the same month. */
      readonly nearestWorkdays: readonly number[]
      readonly hasLastDay: boolean
      readonly hasLastWorkday: boolean
    }

/** The days of the week that a schedule names, Sunday being 0. Unrestricted the day of the month decides alone. */
export type WeekDays =
  | { readonly kind: 'any' }
  | {
      readonly kind: 'restricted'
      readonly days: readonly number[]
      /** `5#3`: the third Friday of the month. */
      readonly nth: readonly { readonly day: number; readonly week: number }[]
      /** `5L`: the last Friday of the month. */
      readonly last: readonly number[]
    }

/** A cron expression of Nomad's dialect, taken apart. All lists are sorted; months count from 1. */
export type CronSchedule = {
  readonly expression: string
  readonly seconds: readonly number[]
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly monthDays: MonthDays
  readonly months: readonly number[]
  readonly weekDays: WeekDays
  readonly years: readonly number[] | 'any'
}
