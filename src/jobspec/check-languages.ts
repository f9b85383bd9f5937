import type { ClearJob, Constraint } from '../domain/jobspec/schema.ts'
import type { SpecFinding } from '../domain/jobspec/spec-finding.ts'
import { isTimeZone, next, parseNomadCron } from '../lang/cron/index.ts'
import { compileRegex } from '../lang/regex/index.ts'
import { templateFaults } from './template-functions.ts'

type Findings = readonly SpecFinding[]
const error = (path: SpecFinding['path'], summary: string, detail: string): SpecFinding => ({
  severity: 'error',
  path,
  summary,
  detail,
})

const cronFindings = (job: ClearJob, now: number): Findings => {
  const { periodic } = job
  if (periodic === null) return []
  if (!isTimeZone(periodic.timeZone)) {
    return [
      error(
        ['periodic', 'time_zone'],
        'Unknown time zone',
        `"${periodic.timeZone}" is no time zone, such as "Europe/Berlin".`,
      ),
    ]
  }
  return periodic.crons.flatMap((expression, index): Findings => {
    const parsed = parseNomadCron(expression)
    const path = ['periodic', 'crons', index]
    if (!parsed.ok) return [error(path, 'Invalid cron', `"${expression}": ${parsed.message}`)]
    if (next(parsed.schedule, now, periodic.timeZone) !== null) return []
    return [
      {
        severity: 'warning',
        path,
        summary: 'Never due',
        detail: `"${expression}" is never due: this schedule will launch nothing.`,
      },
    ]
  })
}

const patternFindings = (constraints: readonly Constraint[], path: SpecFinding['path']): Findings =>
  constraints.flatMap((constraint, index): Findings => {
    if (constraint.operator !== 'regexp') return []
    const compiled = compileRegex(constraint.value)
    return compiled.ok
      ? []
      : [
          error(
            [...path, 'constraint', index, 'value'],
            'Invalid regular expression',
            `"${constraint.value}": ${compiled.message}`,
          ),
        ]
  })

const regexFindings = (job: ClearJob): Findings => [
  ...patternFindings(job.constraints, []),
  ...job.groups.flatMap(group => [
    ...patternFindings(group.constraints, ['group', group.name]),
    ...group.tasks.flatMap(task => patternFindings(task.constraints, ['group', group.name, 'task', task.name])),
  ]),
]

const templateFindings = (job: ClearJob): Findings =>
  job.groups.flatMap(group =>
    group.tasks.flatMap(task =>
      task.templates.flatMap((template, index) =>
        templateFaults(template).map(fault =>
          error(
            ['group', group.name, 'task', task.name, 'template', index, 'data'],
            'Invalid template',
            `In line ${fault.line} of the template for "${template.destination}": ${fault.detail}`,
          ),
        ),
      ),
    ),
  )

/** What is wrong with texts of other languages inside the job: crons, regular expressions, templates. `now` decides whether a cron is ever due. */
export const checkLanguages = (job: ClearJob, now: number): Findings => [
  ...cronFindings(job, now),
  ...regexFindings(job),
  ...templateFindings(job),
]
