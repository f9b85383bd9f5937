import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  allocation,
  deployment,
  evaluation,
  ids,
  job,
  metrics,
  pageOf,
  rejection,
  task,
  unresolved,
} from '../../../support/cli-answers.ts'
import { NOW, runFakeCli } from '../../../support/fake-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'muster-cli-'))
beforeAll(() => {
  process.env['TZ'] = 'UTC'
})
afterAll(() => rmSync(directory, { recursive: true }))

const lines = (text: string): readonly string[] => text.trimEnd().split('\n')

describe('job status', () => {
  it('lists jobs', async () => {
    const jobs = () =>
      pageOf([
        job(),
        job({ id: 'etl', type: 'batch', isParameterized: true }),
        job({ id: 'tick', type: 'batch', isPeriodic: true, isStopped: true, status: 'dead' }),
      ])
    const { code, stdout } = await runFakeCli(['job', 'status'], { root: { jobs } })
    expect(code).toBe(0)
    expect(lines(stdout)).toEqual([
      'ID              Type                 Priority  Status          Submit Date',
      'pytechco-redis  service              50        running         2026-03-01T09:58:00Z',
      'etl             batch/parameterized  50        running         2026-03-01T09:58:00Z',
      'tick            batch/periodic       50        dead (stopped)  2026-03-01T09:58:00Z',
    ])
  })

  it('says so when there are none, and shows namespaces when all are asked for', async () => {
    expect((await runFakeCli(['status'], { root: { jobs: () => pageOf([]) } })).stdout).toBe('No running jobs\n')
    const all = await runFakeCli(['job', 'status', '-namespace', '*'], { root: { jobs: () => pageOf([job()]) } })
    expect(lines(all.stdout)[0]).toBe('ID              Namespace  Type     Priority  Status   Submit Date')
  })

  it('goes through all pages of the list', async () => {
    const jobs = ({ cursor }: { readonly cursor: string | null }) =>
      cursor === null
        ? { ...pageOf([job({ id: 'a' })]), pageInfo: { hasNextPage: true, endCursor: 'c' } }
        : pageOf([job({ id: `after-${cursor}` })])
    const { stdout } = await runFakeCli(['job', 'status', '-t', '{{range .}}{{.id}} {{end}}'], { root: { jobs } })
    expect(stdout).toBe('a after-c \n')
  })

  it('shows a service', async () => {
    const { stdout } = await runFakeCli(['job', 'status', 'pytechco'], { root: { job: () => job() } })
    expect(stdout).toBe(`ID            = pytechco-redis
Name          = pytechco-redis
Submit Date   = 2026-03-01T09:58:00Z
Type          = service
Priority      = 50
Datacenters   = *
Namespace     = default
Node Pool     = default
Status        = running
Periodic      = false
Parameterized = false

Summary
Task Group  Queued  Starting  Running  Failed  Complete  Lost  Unknown
ptc-redis   0       0         1        0       0         0     0

Latest Deployment
ID          = 0ea05651
Status      = successful
Description = Deployment completed successfully

Deployed
Task Group  Desired  Placed  Healthy  Unhealthy  Progress Deadline
ptc-redis   1        1       1        0          2026-03-01T10:10:00Z

Allocations
ID        Node ID   Task Group  Version  Desired  Status   Created  Modified
be0bda79  2c9f4b7e  ptc-redis   0        run      running  2m ago   1m50s ago
`)
  })

  it('shows what a periodic job launched and when it launches next', async () => {
    const periodic = {
      isEnabled: true,
      crons: ['* * * * *'],
      timeZone: 'UTC',
      prohibitsOverlap: false,
      nextLaunch: NOW + 3_000,
    }
    const launchedJobs = pageOf([job({ id: 'e/periodic-2' }), job({ id: 'e/periodic-1', status: 'dead' })])
    const template = job({ isPeriodic: true, periodic, children: { pending: 0, running: 1, dead: 4 }, launchedJobs })
    const { stdout } = await runFakeCli(['job', 'status', 'e'], { root: { job: () => template } })
    expect(lines(stdout).slice(11)).toEqual([
      'Next Periodic Launch = 2026-03-01T10:00:03Z (3s from now)',
      '',
      'Children Job Summary',
      'Pending  Running  Dead',
      '0        1        4',
      '',
      'Previously Launched Jobs',
      'ID            Status',
      'e/periodic-2  running',
      'e/periodic-1  dead',
    ])
  })

  it('shows what a dispatch of a parameterized job needs', async () => {
    const parameterized = { payload: 'optional', metaRequired: ['budget'], metaOptional: [] }
    const template = job({ isParameterized: true, parameterized, children: { pending: 0, running: 0, dead: 0 } })
    const { stdout } = await runFakeCli(['job', 'status', 's'], { root: { job: () => template } })
    expect(lines(stdout).slice(12)).toEqual([
      'Parameterized Job',
      'Payload           = optional',
      'Required Metadata = budget',
      'Optional Metadata = <none>',
      '',
      'Parameterized Job Summary',
      'Pending  Running  Dead',
      '0        0        0',
      '',
      'Dispatched Jobs',
      'No dispatched instances of parameterized job found',
    ])
  })

  it('says why something is not placed, what will be tried again, and why tasks failed', async () => {
    const failure = { task: 't', type: 'Driver Failure', at: NOW, message: 'no such image', details: [], position: 9 }
    const failed = allocation({
      clientStatus: 'failed',
      tasks: [task({ isFailed: true, state: 'dead', events: [{ ...failure, type: 'Not Restarting' }, failure] })],
    })
    const placementFailures = [
      {
        group: 'a',
        count: 2,
        unblockedBy: [],
        metrics: metrics({ nodesExhausted: 3, dimensionExhausted: [{ name: 'memory', count: 3 }] }),
      },
      { group: 'b', count: 1, unblockedBy: [], metrics: metrics({ nodesEvaluated: 0 }) },
    ]
    const troubled = job({
      latestDeployment: null,
      latestPlacementFailure: evaluation({ placementFailures }),
      futureReschedules: [{ group: 'a', evaluationId: ids.evaluation, evaluatesAt: NOW + 30_000 }],
      allocations: pageOf([failed]),
    })
    const { stdout } = await runFakeCli(['job', 'status', 'x'], {
      root: { job: () => troubled, allocation: () => failed },
    })
    expect(lines(stdout).slice(16)).toEqual([
      'Placement Failure',
      'Task Group "a" (failed to place 2 allocations):',
      '  * Resources exhausted on 3 nodes',
      '  * Dimension "memory" exhausted on 3 nodes',
      '',
      'Placement failures truncated. To see the remainder run:',
      'muster eval status d44af37b',
      '',
      'Future Rescheduling Attempts',
      'Task Group  Eval ID   Eval Time',
      'a           d44af37b  30s from now',
      '',
      'Allocations',
      'ID        Node ID   Task Group  Version  Desired  Status  Created  Modified',
      'be0bda79  2c9f4b7e  ptc-redis   0        run      failed  2m ago   1m50s ago',
      '',
      'Task Failures',
      'Alloc ID  Task        Time                  Type            Description',
      'be0bda79  redis-task  2026-03-01T10:00:00Z  Driver Failure  no such image',
    ])
  })

  it('shows the first block with -short, evaluations with -evals, and data with -json', async () => {
    const root = { job: () => job() }
    expect(lines((await runFakeCli(['job', 'status', '-short', 'x'], { root })).stdout)).toHaveLength(11)
    const { stdout } = await runFakeCli(['job', 'status', '-evals', 'x'], { root })
    expect(stdout).toContain(
      'Evaluations\nID        Priority  Triggered By  Status    Placement Failures\nd44af37b  50        job-register  complete  false\n',
    )
    const data = JSON.parse((await runFakeCli(['job', 'status', '-json', 'x'], { root })).stdout)
    expect(data).toMatchObject({ id: 'pytechco-redis', allocations: [{ id: ids.allocation }] })
    expect(JSON.stringify(data)).not.toContain('__typename')
  })

  it('says when an id means nothing, or several things', async () => {
    expect((await runFakeCli(['job', 'status', 'x'], { root: { job: () => unresolved() } })).stderr).toBe(
      'Error [NOT_FOUND]: No job(s) with prefix or ID "x" found\n',
    )
    const candidates = ['web-1', 'web-2'].map(id => ({ kind: 'JOB', id, namespace: 'default', name: id }))
    const { code, stderr } = await runFakeCli(['job', 'status', 'web'], { root: { job: () => unresolved(candidates) } })
    expect(code).toBe(1)
    expect(stderr).toBe(
      'Error [AMBIGUOUS_PREFIX]: Prefix matched multiple jobs\n\n' +
        '  web-1  (namespace default)\n  web-2  (namespace default)\n' +
        'Hint: write more of the id than "web"\n',
    )
  })
})

describe('job stop', () => {
  const stopped = { __typename: 'JobStop', position: 9, evaluationId: ids.evaluation, stoppedChildren: [] }

  it('follows how the job is stopped', async () => {
    const ending = ['job', 'stop', '-purge', '-eval-priority', '70', '-no-shutdown-delay']
    const inputs: unknown[] = []
    const { code, stdout } = await runFakeCli([...ending, 'pytechco-redis'], {
      root: {
        job: () => job(),
        stopJob: ({ input }: { readonly input: object }) => {
          inputs.push({ ...input })
          return stopped
        },
        evaluation: () =>
          evaluation({ triggeredBy: 'job-deregister', deploymentId: null, allocations: pageOf([]), job: null }),
      },
    })
    expect(inputs).toEqual([
      {
        namespace: 'default',
        jobId: 'pytechco-redis',
        purges: true,
        stopsChildren: false,
        evaluationPriority: 70,
        skipsShutdownDelay: true,
      },
    ])
    expect(code).toBe(0)
    expect(lines(stdout).at(-1)).toMatch(/^==> .*: Evaluation "d44af37b" finished with status "complete"$/)
  })

  it('prints nothing for a template, but the children that it stopped', async () => {
    const root = { job: () => job(), stopJob: () => ({ ...stopped, evaluationId: null }) }
    expect(await runFakeCli(['stop', 'pytechco-redis'], { root })).toEqual({ code: 0, stdout: '', stderr: '' })
    const stopJob = () => ({ ...stopped, evaluationId: null, stoppedChildren: ['e/periodic-1'] })
    expect((await runFakeCli(['stop', '-children', 'pytechco-redis'], { root: { ...root, stopJob } })).stdout).toBe(
      'Stopped "e/periodic-1"\n',
    )
  })

  it('wants to be sure when only the beginning of an id is given', async () => {
    const root = { job: () => job(), stopJob: () => ({ ...stopped, evaluationId: null }) }
    const { code, stderr } = await runFakeCli(['stop', 'pytech'], { root })
    expect(code).toBe(1)
    expect(stderr).toContain('Error [CONFIRMATION_NEEDED]: "pytech" is only the beginning of the id "pytechco-redis"')
    expect((await runFakeCli(['stop', '-yes', 'pytech'], { root })).code).toBe(0)
    const questions: string[] = []
    const answerTo = (question: string) => {
      questions.push(question)
      return 'n'
    }
    const refused = await runFakeCli(['stop', 'pytech'], { root: { job: root.job }, isInteractive: true, answerTo })
    expect(refused).toEqual({ code: 0, stdout: '', stderr: 'Cancelling job stop\n' })
    expect(questions).toEqual(['Are you sure you want to stop job "pytechco-redis"? [y/N] '])
  })
})

describe('job dispatch', () => {
  const child = 'pytechco-setup/dispatch-1678468734-396cfa83'
  const dispatched = { __typename: 'JobDispatch', position: 9, dispatchedJobId: child, evaluationId: ids.evaluation }

  it('says what it launched, then follows it as the tutorial shows', async () => {
    const inputs: unknown[] = []
    const { code, stdout } = await runFakeCli(['job', 'dispatch', '-meta', 'budget=200', 'pytechco-set', '-'], {
      root: {
        jobs: ({ launches }: { readonly launches: string }) => {
          expect(launches).toBe('dispatch')
          return pageOf([job({ id: 'pytechco-setup' })])
        },
        dispatchJob: ({ input }: { readonly input: object }) => {
          inputs.push(JSON.parse(JSON.stringify(input)))
          return dispatched
        },
        evaluation: () => evaluation({ jobId: child, deploymentId: null }),
      },
      stdin: 'héllo',
    })
    expect(code).toBe(0)
    expect(inputs).toMatchObject([
      {
        jobId: 'pytechco-setup',
        meta: [{ name: 'budget', value: '200' }],
        payload: Buffer.from('héllo').toString('base64'),
      },
    ])
    expect(lines(stdout).slice(0, 3)).toEqual([`Dispatched Job ID = ${child}`, 'Evaluation ID     = d44af37b', ''])
    expect(stdout).toContain(`: Evaluation triggered by job "${child}"\n`)
  })

  it('takes a whole id before longer ones, and names the templates that a prefix fits', async () => {
    const launched: unknown[] = []
    const root = {
      jobs: () => pageOf([job({ id: 'etl' }), job({ id: 'etl-2' })]),
      dispatchJob: ({ input }: { readonly input: { readonly jobId: string } }) => {
        launched.push(input.jobId)
        return dispatched
      },
    }
    expect((await runFakeCli(['job', 'dispatch', '-detach', 'etl'], { root })).code).toBe(0)
    expect(launched).toEqual(['etl'])
    const { code, stderr } = await runFakeCli(['job', 'dispatch', '-detach', 'et'], { root })
    expect(code).toBe(1)
    expect(stderr).toContain('Prefix matched multiple jobs')
    expect(stderr).toContain('etl-2')
  })

  it('tells of a job that is no template as the server does', async () => {
    const root = {
      jobs: () => pageOf([]),
      job: () => job(),
      dispatchJob: () => rejection('JOB_NOT_PARAMETERIZED', 'no'),
    }
    expect((await runFakeCli(['job', 'dispatch', 'pytech'], { root })).stderr).toBe(
      'Error [JOB_NOT_PARAMETERIZED]: no\n',
    )
  })

  it('tells which meta is missing', async () => {
    const message = 'Dispatch did not provide required meta keys: [budget]'
    const root = { jobs: () => pageOf([job()]), dispatchJob: () => rejection('DISPATCH_META_MISSING', message) }
    expect(await runFakeCli(['job', 'dispatch', 'x'], { root })).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error [DISPATCH_META_MISSING]: ${message}\n`,
    })
  })

  it('waits for the end with -wait, and tells a failure by exit code 2', async () => {
    const summary = [{ group: 'g', queued: 0, starting: 0, running: 0, failed: 1, complete: 0, lost: 0, unknown: 0 }]
    const states = [job({ status: 'running' }), job({ status: 'dead', summary })]
    const { code, stdout } = await runFakeCli(['job', 'dispatch', '-wait', 'x'], {
      root: {
        jobs: () => pageOf([job()]),
        job: () => states.shift(),
        dispatchJob: () => dispatched,
        evaluation: () => evaluation({ deploymentId: null }),
      },
    })
    expect(code).toBe(2)
    expect(lines(stdout).at(-1)).toBe('g           0       0         0        1       0         0     0')
  })
})

describe('other verbs of jobs', () => {
  it('list allocations so that the tutorial finds a node in the second column', async () => {
    const { stdout } = await runFakeCli(['job', 'allocs', 'x'], { root: { job: () => job() } })
    const running = lines(stdout).find(line => /running/i.test(line))
    expect(running?.split(/\s+/)[1]).toBe('2c9f4b7e')
    expect((await runFakeCli(['job', 'allocs', '-verbose', 'x'], { root: { job: () => job() } })).stdout).toContain(
      `${ids.allocation}  ${ids.evaluation}  ${ids.node}  node-1 `,
    )
  })

  it('list deployments', async () => {
    const root = { job: () => job() }
    expect(lines((await runFakeCli(['job', 'deployments', 'x'], { root })).stdout)).toEqual([
      'ID        Job ID          Job Version  Status      Description',
      '0ea05651  pytechco-redis  0            successful  Deployment completed successfully',
    ])
    const asked: unknown[] = []
    const deployments = (args: { readonly allVersions: boolean }) => {
      asked.push(args.allVersions)
      return pageOf([])
    }
    for (const flags of [[], ['-all']])
      await runFakeCli(['job', 'deployments', ...flags, 'x'], { root: { job: () => job({ deployments }) } })
    expect(asked).toEqual([false, true])
    const none = { job: () => job({ deployments: pageOf([]) }) }
    expect((await runFakeCli(['job', 'deployments', '-latest', 'x'], { root: none })).stdout).toBe(
      'No deployments found\n',
    )
  })

  it('validate a file, and tell what stands in the way', async () => {
    const validateJob = () => ({ __typename: 'JobValidation', jobId: 'x', warnings: [] })
    expect(await runFakeCli(['validate', '-'], { root: { validateJob }, stdin: 'x' })).toEqual({
      code: 0,
      stdout: 'Job validation successful\n',
      stderr: '',
    })
    const refused = () => rejection('JOB_INVALID', 'it has 1 error')
    expect((await runFakeCli(['validate', '-'], { root: { validateJob: refused }, stdin: 'x' })).code).toBe(1)
  })

  it('launch a periodic job now', async () => {
    const forced = {
      __typename: 'PeriodicForce',
      position: 9,
      launchedJobId: 'e/periodic-1',
      evaluationId: ids.evaluation,
    }
    const root = { jobs: () => pageOf([job()]), forcePeriodic: () => forced }
    expect((await runFakeCli(['job', 'periodic', 'force', '-detach', 'e'], { root })).stdout).toBe(
      `Force periodic successful\nEvaluation ID: ${ids.evaluation}\n`,
    )
  })

  it('write an example once', async () => {
    const first = await runFakeCli(['job', 'init', 'a.nomad.hcl'], { cwd: directory })
    expect(first).toEqual({ code: 0, stdout: 'Example job file written to a.nomad.hcl\n', stderr: '' })
    expect(readFileSync(join(directory, 'a.nomad.hcl'), 'utf8')).toContain('job "example"')
    const second = await runFakeCli(['init', 'a.nomad.hcl'], { cwd: directory })
    expect(second.code).toBe(1)
    expect(second.stderr).toContain('Error [FILE_EXISTS]: Job file "a.nomad.hcl" already exists')
    await runFakeCli(['init', '-short', 'b.nomad.hcl'], { cwd: directory })
    expect(readFileSync(join(directory, 'b.nomad.hcl'), 'utf8')).not.toContain('#')
  })
})

describe('a deployment', () => {
  it('is shown with the columns that its groups use', async () => {
    const groups = [
      {
        group: 'g',
        isAutoReverted: true,
        desiredTotal: 3,
        placed: 2,
        healthy: 1,
        unhealthy: 0,
        requireProgressBy: null,
      },
    ]
    const root = { deployment: () => deployment({ groups }) }
    const { stdout } = await runFakeCli(['deployment', 'status', '0ea'], { root })
    expect(lines(stdout).slice(-2)).toEqual([
      'Task Group  Auto Revert  Desired  Placed  Healthy  Unhealthy',
      'g           true         3        2       1        0',
    ])
  })
})
