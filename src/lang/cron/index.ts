export { CRON_LAST_YEAR, type CronSchedule, type MonthDays, type WeekDays } from './cron-schedule.ts'
export { next } from './next.ts'
export { MAX_CRON_LENGTH, type ParsedCron, parseNomadCron } from './parse-nomad-cron.ts'
export { isTimeZone } from './time-zone.ts'
