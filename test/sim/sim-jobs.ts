import type { ConstraintOperator, Job, Task, TaskGroup, Update } from '../../src/domain/jobspec/schema.ts'
import {
  buildBatchGroup,
  buildGroup,
  buildJob,
  buildPort,
  buildService,
  buildTask,
  buildUpdate,
} from '../support/builders.ts'
import type { Chance } from './chance.ts'

/** The jobs that simulated users register: a few names, and for each name specifications that differ in everything that matters. */

/** How the tasks of a job fare when nothing goes wrong around them. `meta.fate` tells it to whoever checks liveness. */
export type Fate = 'good' | 'crashes' | 'cannot-start' | 'fails' | 'unhealthy' | 'unanswerable'
export const fateOf = (job: Job): Fate => (job.meta['fate'] ?? 'good') as Fate

const FOREVER = '10000h'

const restart: Task['restart'] = {
  attempts: 1,
  intervalMs: 60_000,
  delayMs: 1_000,
  mode: 'fail',
  rendersTemplates: false,
}

const configOf = (fate: Fate, runFor: string): Task['config'] => {
  switch (fate) {
    case 'good':
    case 'unhealthy':
    case 'unanswerable':
      return { run_for: runFor }
    case 'crashes':
      return { run_for: '4s', exit_code: 1 }
    case 'cannot-start':
      return { start_error: 'no such program', start_error_recoverable: true }
    case 'fails':
      return { run_for: '1s', exit_code: 7 }
  }
}

const task = (fate: Fate, chance: Chance, overrides: Partial<Task> = {}): Task => ({
  ...buildTask({
    config: { ...configOf(fate, FOREVER), ...(chance.isHit(0.3) ? { kill_after: '3s' } : {}) },
    resources: { cpuMhz: chance.pick([50, 100, 400]) ?? 100, memoryMb: chance.pick([64, 128]) ?? 64, memoryMaxMb: 0 },
    restart,
    killTimeoutMs: chance.pick([1_000, 5_000]) ?? 1_000,
  }),
  ...overrides,
})

const update = (chance: Chance): Update =>
  buildUpdate({
    maxParallel: chance.integer(1, 2),
    healthCheck: 'task_states',
    minHealthyTimeMs: chance.pick([500, 3_000]) ?? 500,
    healthyDeadlineMs: 15_000,
    progressDeadlineMs: chance.pick([20_000, 60_000, 0]) ?? 20_000,
    autoRevert: chance.isHit(0.7),
  })

const reschedule = (chance: Chance): TaskGroup['reschedule'] => ({
  attempts: 0,
  intervalMs: 0,
  delayMs: chance.pick([5_000, 10_000]) ?? 5_000,
  delayFunction: chance.pick(['constant', 'exponential', 'fibonacci'] as const) ?? 'constant',
  maxDelayMs: 30_000,
  isUnlimited: true,
})

/** A sidecar, a task before and one after: what the life cycle has. */
const companions = (chance: Chance): readonly Task[] => {
  if (!chance.isHit(0.25)) return []
  return [
    task('good', chance, {
      name: 'prepare',
      config: { run_for: '1s' },
      lifecycle: { hook: 'prestart', isSidecar: false },
    }),
    task('good', chance, { name: 'proxy', lifecycle: { hook: 'prestart', isSidecar: true } }),
    task('good', chance, { name: 'bye', config: { run_for: '1s' }, lifecycle: { hook: 'poststop', isSidecar: false } }),
  ]
}

const serviceGroup = (name: string, fate: Fate, chance: Chance, overrides: Partial<TaskGroup> = {}): TaskGroup =>
  buildGroup({
    name,
    count: chance.integer(1, 3),
    tasks: [task(fate, chance, { name: 'main', isLeader: chance.isHit(0.2) }), ...companions(chance)],
    reschedule: reschedule(chance),
    update: chance.isHit(0.75) ? update(chance) : null,
    ephemeralDiskMb: 100,
    ...overrides,
  })

const service = (
  id: string,
  chance: Chance,
  groups: (fate: Fate) => readonly TaskGroup[],
  job: Partial<Job> = {},
): Job => {
  const fate: Fate = chance.isHit(0.75) ? 'good' : (chance.pick(['crashes', 'cannot-start'] as const) ?? 'crashes')
  return buildJob({ id, groups: groups(fate), priority: chance.pick([30, 50, 80]) ?? 50, meta: { fate }, ...job })
}

const batchGroup = (fate: Fate, chance: Chance, overrides: Partial<TaskGroup> = {}): TaskGroup =>
  buildBatchGroup({
    name: 'work',
    count: chance.integer(1, 3),
    tasks: [task(fate, chance, { name: 'main', config: configOf(fate, chance.pick(['1s', '5s', '15s']) ?? '1s') })],
    reschedule: {
      ...buildBatchGroup().reschedule,
      delayMs: 5_000,
      attempts: chance.integer(0, 2),
      intervalMs: 600_000,
    },
    ephemeralDiskMb: 100,
    ...overrides,
  })

const batch = (id: string, chance: Chance, job: Partial<Job> = {}): Job => {
  const fate: Fate = chance.isHit(0.75) ? 'good' : 'fails'
  return buildJob({ id, type: 'batch', groups: [batchGroup(fate, chance)], meta: { fate }, ...job })
}

/** As if a newer version had written the job: the scheduler of this one throws on it. */
const unheardOf = { attribute: '${attr.x}', operator: 'sounds_like' as ConstraintOperator, value: 'y' }

const network = (...ports: readonly ReturnType<typeof buildPort>[]): TaskGroup['network'] => ({ mode: 'host', ports })

const makers: Readonly<Record<string, (chance: Chance) => Job>> = {
  web: chance =>
    service('web', chance, fate => [
      serviceGroup('app', fate, chance, {
        network: network(buildPort('http')),
        services: [buildService({ name: 'web', port: 'http' })],
      }),
    ]),
  front: chance =>
    service('front', chance, fate => [
      serviceGroup('edge', fate, chance, {
        count: chance.integer(0, 2),
        network: network(buildPort('http', chance.pick([8_080, 8_081]) ?? 8_080)),
      }),
      ...(chance.isHit(0.4) ? [serviceGroup('cache', fate, chance)] : []),
    ]),
  rival: chance =>
    service('rival', chance, fate => [
      serviceGroup('edge', fate, chance, { count: 1, network: network(buildPort('http', 8_080)) }),
    ]),
  wide: chance =>
    service('wide', chance, fate => [serviceGroup('one', fate, chance, { count: chance.integer(1, 5) })], {
      constraints: [{ attribute: '', operator: 'distinct_hosts', value: '' }],
    }),
  big: chance =>
    service(
      'big',
      chance,
      fate => [
        serviceGroup('heavy', fate, chance, {
          count: chance.integer(1, 4),
          tasks: [
            task(fate, chance, {
              name: 'main',
              resources: { cpuMhz: chance.pick([900, 1_700]) ?? 900, memoryMb: 512, memoryMaxMb: 0 },
            }),
          ],
        }),
      ],
      { allAtOnce: chance.isHit(0.2), datacenters: chance.isHit(0.3) ? ['dc1'] : ['*'] },
    ),
  riddle: chance => {
    const isSolved = chance.isHit(0.5)
    const fate: Fate = isSolved ? 'good' : 'unanswerable'
    const job = { groups: [serviceGroup('one', fate, chance)], constraints: isSolved ? [] : [unheardOf] }
    return service('riddle', chance, () => [], { ...job, meta: { fate } })
  },
  sum: chance => batch('sum', chance),
  nightly: chance =>
    batch('nightly', chance, {
      periodic: {
        isEnabled: true,
        crons: [chance.pick(['*/20 * * * * * *', '*/45 * * * * * *', '* * * * *']) ?? '* * * * *'],
        prohibitsOverlap: chance.isHit(0.5),
        timeZone: 'UTC',
      },
    }),
  setup: chance =>
    batch('setup', chance, {
      parameterized: { payload: 'optional', metaRequired: ['budget'], metaOptional: ['note'] },
    }),
}

export const jobIds: readonly string[] = Object.keys(makers)

/** A specification of one of the jobs, drawn anew each time. */
export const makeJob = (id: string, chance: Chance): Job => {
  const maker = makers[id]
  if (maker === undefined) throw new Error(`there is no simulated job "${id}"`)
  return maker(chance)
}
