import { describe, expect, it } from 'vitest'
import { validateJob } from '../../../../src/domain/jobspec/validate.ts'
import {
  MAX_GROUP_COUNT,
  MAX_GROUPS_PER_JOB,
  MAX_JOB_ID_LENGTH,
  MAX_TASKS_PER_GROUP,
} from '../../../../src/domain/limits.ts'
import { buildGroup, buildJob, buildTask } from '../../../support/builders.ts'

type Sized = Parameters<typeof validateJob>[0]

const errorsOf = (job: Sized): readonly string[] =>
  validateJob(job).flatMap(finding => (finding.severity === 'error' ? [finding.summary] : []))

const groups = (number: number) => Array.from({ length: number }, (_, index) => buildGroup({ name: `g${index}` }))
const tasks = (number: number) => Array.from({ length: number }, (_, index) => buildTask({ name: `t${index}` }))

const limits: readonly (readonly [what: string, limit: number, jobOf: (size: number) => Sized, summary: string])[] = [
  ['characters in its id', MAX_JOB_ID_LENGTH, size => buildJob({ id: 'x'.repeat(size) }), 'Invalid job id'],
  ['groups', MAX_GROUPS_PER_JOB, size => buildJob({ groups: groups(size) }), 'Too many groups'],
  [
    'tasks in a group',
    MAX_TASKS_PER_GROUP,
    size => buildJob({ groups: [buildGroup({ tasks: tasks(size) })] }),
    'Too many tasks',
  ],
  [
    'allocations of all groups together',
    MAX_GROUP_COUNT,
    size => buildJob({ groups: [buildGroup({ name: 'a', count: 1 }), buildGroup({ name: 'b', count: size - 1 })] }),
    'Count too large',
  ],
]

describe.each(limits)('a job with many %s', (_what, limit, jobOf, summary) => {
  it.each([limit - 1, limit])('is taken with %i', size => {
    expect(errorsOf(jobOf(size))).toEqual([])
  })

  it('is refused with one more than the limit', () => {
    expect(errorsOf(jobOf(limit + 1))).toEqual([summary])
  })
})
