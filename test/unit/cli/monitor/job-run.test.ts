import { beforeAll, describe, expect, it } from 'vitest'
import {
  allocation,
  deployment,
  deploymentGroup,
  evaluation,
  ids,
  job,
  metrics,
  pageOf,
  rejection,
  task,
} from '../../../support/cli-answers.ts'
import { type FakeRoot, NOW, runFakeCli } from '../../../support/fake-cli.ts'

beforeAll(() => {
  process.env['TZ'] = 'UTC'
})

const registered = {
  __typename: 'JobRegistration',
  position: 4,
  namespace: 'default',
  jobId: 'pytechco-redis',
  version: 0,
  evaluationId: ids.evaluation,
  modifyIndex: 0,
  nextLaunch: null,
  isPeriodic: false,
  isParameterized: false,
  warnings: [],
}

/** Answers one thing after the other, the last one for ever. */
const inTurn = (...answers: readonly unknown[]) => {
  let next = 0
  return () => answers[Math.min(next++, answers.length - 1)]
}

const runJob = (root: FakeRoot, args: readonly string[] = [], options: { readonly isInteractive?: boolean } = {}) =>
  runFakeCli(['job', 'run', ...args, '-'], {
    root: { registerJob: () => registered, ...root },
    stdin: 'job "x" {}',
    ...options,
  })

/** Times differ by how often was polled; what they say is tested elsewhere. */
const withoutTimes = (text: string): string => text.replaceAll(/2026-03-01T10:00:\d\dZ/g, 'T')

const unplaced = {
  group: 'ptc-redis',
  count: 1,
  unblockedBy: ['a node with driver docker'],
  metrics: metrics({ nodesFiltered: 1, constraintFiltered: [{ name: 'missing drivers', count: 1 }] }),
}

describe('job run', () => {
  it('tells what the tutorial shows, field for field and in its order', async () => {
    const { code, stdout, stderr } = await runJob({
      evaluation: inTurn(evaluation({ status: 'pending', deploymentId: null, allocations: pageOf([]) }), evaluation()),
      deployment: inTurn(deployment({ status: 'running', description: 'Deployment is running' }), deployment()),
    })
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(withoutTimes(stdout)).toBe(
      [
        '==> T: Monitoring evaluation "d44af37b"',
        '    T: Evaluation triggered by job "pytechco-redis"',
        '    T: Evaluation within deployment: "0ea05651"',
        '    T: Allocation "be0bda79" created: node "2c9f4b7e", group "ptc-redis"',
        '    T: Evaluation status changed: "pending" -> "complete"',
        '==> T: Evaluation "d44af37b" finished with status "complete"',
        '==> T: Monitoring deployment "0ea05651"',
        '  ✓ Deployment "0ea05651" successful',
        '    ',
        '    T',
        '    ID          = 0ea05651',
        '    Job ID      = pytechco-redis',
        '    Job Version = 0',
        '    Status      = successful',
        '    Description = Deployment completed successfully',
        '    ',
        '    Deployed',
        '    Task Group  Desired  Placed  Healthy  Unhealthy  Progress Deadline',
        '    ptc-redis   1        1       1        0          2026-03-01T10:10:00Z',
        '',
      ].join('\n'),
    )
  })

  it('reads the same however soon the answer is seen', async () => {
    const root = { deployment: () => deployment() }
    const early = await runJob({ ...root, evaluation: inTurn(evaluation()) })
    const late = await runJob({
      ...root,
      evaluation: inTurn(evaluation({ status: 'pending', deploymentId: null, allocations: pageOf([]) }), evaluation()),
    })
    expect(withoutTimes(early.stdout)).toBe(withoutTimes(late.stdout))
  })

  it('sends the source, its variables from all places, and waits for the position of the registration', async () => {
    const inputs: unknown[] = []
    const positions: unknown[] = []
    await runFakeCli(['run', '-var', 'a=1=2', '-message', 'try', '-eval-priority', '70', '-preserve-counts', '-'], {
      root: {
        registerJob: ({ input }: { readonly input: unknown }) => {
          inputs.push(JSON.parse(JSON.stringify(input)))
          return registered
        },
        evaluation: ({ after }: { readonly after: unknown }) => {
          positions.push(after)
          return evaluation({ deploymentId: null })
        },
      },
      stdin: 'job "x" {}',
      env: { NOMAD_VAR_b: 'n', MUSTER_VAR_b: 'm', NOMAD_VAR_c: 'c', OTHER: 'x' },
    })
    expect(inputs).toEqual([
      {
        job: {
          source: 'job "x" {}',
          format: 'HCL',
          filename: 'stdin',
          variables: [{ name: 'a', value: '1=2' }],
          variableFiles: [],
          environmentVariables: [
            { name: 'b', value: 'm' },
            { name: 'c', value: 'c' },
          ],
        },
        checkIndex: null,
        message: 'try',
        evaluationPriority: 70,
        preservesCounts: true,
        preservesResources: false,
      },
    ])
    expect(positions).toEqual([4])
  })

  it("takes Nomad's flags for parts that are not there, and says that they have no effect", async () => {
    const inert = ['-policy-override', '-consul-namespace', 'c', '-vault-namespace=v', '-ui']
    const root = { registerJob: () => registered }
    const { code, stderr } = await runFakeCli(['run', '-detach', ...inert, '-'], { root, stdin: 'job "x" {}' })
    expect(code).toBe(0)
    expect(stderr.split('\n').filter(line => line.includes('has no effect'))).toEqual([
      '-policy-override has no effect: there are no Sentinel policies to override.',
      '-consul-namespace has no effect: jobs do not reach Consul.',
      '-vault-namespace has no effect: jobs do not reach Vault.',
      '-ui has no effect: there is no web UI to open.',
    ])
  })

  it('says why nothing can be placed, and leaves a script with exit code 2', async () => {
    const blocked = '9f6b9b51-0000-4000-8000-000000000009'
    const { code, stdout, stderr } = await runJob({
      evaluation: () =>
        evaluation({ allocations: pageOf([]), placementFailures: [unplaced], blockedEvaluationId: blocked }),
    })
    expect(code).toBe(2)
    expect(withoutTimes(stdout).split('\n').slice(4)).toEqual([
      '==> T: Evaluation "d44af37b" finished with status "complete" but failed to place all allocations:',
      '    Task Group "ptc-redis" (failed to place 1 allocation):',
      '      * Constraint "missing drivers": 1 node excluded by filter',
      '      - would be placed once: a node with driver docker',
      '    Evaluation "9f6b9b51" waiting for additional capacity to place remainder',
      '',
    ])
    expect(stderr).toContain('muster deployment status -monitor 0ea05651')
  })

  it('lets a person wait for room, and says when everything has a place', async () => {
    const waiting = job({ latestPlacementFailure: evaluation({ placementFailures: [unplaced] }) })
    const running = (placed: number) =>
      deployment({ status: 'running', groups: [deploymentGroup({ placed, healthy: 0 })], allocations: pageOf([]) })
    const { code, stdout } = await runJob(
      {
        evaluation: () => evaluation({ allocations: pageOf([]), placementFailures: [unplaced] }),
        job: () => waiting,
        deployment: inTurn(running(0), running(0), running(1), deployment()),
      },
      [],
      { isInteractive: true },
    )
    expect(code).toBe(0)
    expect(stdout.match(/would be placed once/g)).toHaveLength(1)
    expect(stdout).toContain('Everything has a place now')
    expect(stdout).toContain('Deployment "0ea05651" in progress...')
  })

  it('tells why tasks fail while their deployment goes on, and fails with it', async () => {
    const failure = { task: 't', type: 'Driver Failure', at: NOW, message: 'no such command', details: [], position: 8 }
    const failing = pageOf([allocation({ tasks: [task({ events: [failure] })] })])
    const { code, stdout } = await runJob({
      evaluation: () => evaluation(),
      deployment: inTurn(
        deployment({ status: 'running', allocations: failing }),
        deployment({ status: 'running', allocations: failing }),
        deployment({ status: 'failed', description: 'Failed due to progress deadline', allocations: failing }),
      ),
    })
    expect(code).toBe(1)
    expect(stdout.match(/Driver Failure/g)).toHaveLength(1)
    expect(stdout).toContain('Allocation "be0bda79" task "redis-task": Driver Failure: no such command\n')
    expect(stdout).toContain('  ! Deployment "0ea05651" failed\n')
  })

  it('follows the rollback of a failed deployment', async () => {
    const rollback = '11111111-0000-4000-8000-000000000011'
    const { code, stdout } = await runJob({
      evaluation: () => evaluation(),
      job: () => job({ latestDeployment: deployment({ id: rollback }) }),
      deployment: ({ id }: { readonly id: string }) =>
        id === rollback
          ? deployment({ id: rollback, jobVersion: 2 })
          : deployment({
              status: 'failed',
              description: 'Failed due to unhealthy allocations - rolling back to job version 0',
            }),
    })
    expect(code).toBe(1)
    expect(stdout).toContain('Monitoring deployment "11111111"')
    expect(stdout).toContain('✓ Deployment "11111111" successful')
  })

  it('follows the evaluation after a failed one', async () => {
    const next = '22222222-0000-4000-8000-000000000022'
    const { code, stdout } = await runJob({
      evaluation: ({ id }: { readonly id: string }) =>
        id === next
          ? evaluation({ id: next, deploymentId: null })
          : evaluation({
              status: 'failed',
              statusDescription: 'too many attempts',
              nextEvaluationId: next,
              deploymentId: null,
            }),
    })
    expect(code).toBe(0)
    expect(stdout).toContain('finished with status "failed"\n    too many attempts\n')
    expect(stdout).toContain('Monitoring evaluation "22222222"')
  })

  it('says after a while what it waits for, where hints go', async () => {
    const pending = evaluation({ status: 'pending', deploymentId: null, allocations: pageOf([]) })
    const { stdout, stderr } = await runJob({
      evaluation: inTurn(...Array.from({ length: 40 }, () => pending), evaluation({ deploymentId: null })),
    })
    expect(stderr.match(/Still waiting for a server to take the evaluation up/g)).toHaveLength(1)
    expect(stdout).not.toContain('Still waiting')
  })

  it('detaches on Ctrl-C and says how to go on', async () => {
    const interruption = new AbortController()
    const { code, stderr } = await runFakeCli(['job', 'run', '-'], {
      root: {
        registerJob: () => registered,
        evaluation: () => {
          interruption.abort()
          return evaluation({ status: 'pending', deploymentId: null, allocations: pageOf([]) })
        },
      },
      stdin: 'x',
      interruption,
    })
    expect(code).toBe(130)
    expect(stderr).toBe('\nDetached; the work goes on. Follow it again with: muster eval status -monitor d44af37b\n')
  })

  it('does not follow with -detach', async () => {
    expect(await runJob({}, ['-detach'])).toEqual({
      code: 0,
      stdout: `Job registration successful\nEvaluation ID: ${ids.evaluation}\n`,
      stderr: '',
    })
  })

  it('tells the next launch of a periodic job, and nothing but success of a parameterized one', async () => {
    const template = { ...registered, evaluationId: null }
    const periodic = { ...template, isPeriodic: true, nextLaunch: NOW + 1_000 }
    expect((await runJob({ registerJob: () => periodic })).stdout).toBe(
      'Job registration successful\nApproximate next launch time: 2026-03-01T10:00:01Z (1s from now)\n',
    )
    expect((await runJob({ registerJob: () => ({ ...template, isParameterized: true }) })).stdout).toBe(
      'Job registration successful\n',
    )
  })

  it('lists warnings before everything else', async () => {
    const warning = {
      severity: 'WARNING',
      summary: 'Not acted on',
      detail: '',
      hint: '',
      filename: 'x.nomad.hcl',
      line: 3,
      column: 1,
      rendered: 'x.nomad.hcl:3:1: warning: Not acted on\n\n  3 | vault {}\n',
    }
    const { stdout } = await runJob({ registerJob: () => ({ ...registered, warnings: [warning] }) }, ['-detach'])
    expect(stdout).toBe(
      'Job Warnings:\n1 warning:\n\n* x.nomad.hcl:3:1: warning: Not acted on\n  \n    3 | vault {}\n\n' +
        `Job registration successful\nEvaluation ID: ${ids.evaluation}\n`,
    )
  })

  it('shows what was found wrong in a job file', async () => {
    const finding = {
      severity: 'ERROR',
      summary: 's',
      detail: 'd',
      hint: '',
      filename: 'f',
      line: 1,
      column: 1,
      rendered: 'f:1:1: error: s\n',
    }
    const answer = rejection('JOB_INVALID', 'the job file f has 1 error', { diagnostics: [finding], hint: 'mend it' })
    expect(await runJob({ registerJob: () => answer })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error [JOB_INVALID]: the job file f has 1 error\n\nf:1:1: error: s\n\nHint: mend it\n',
    })
  })

  it('counts job modify indices from 1, 0 for a job that is not there', async () => {
    const seen: unknown[] = []
    const registerJob = ({ input }: { readonly input: { readonly checkIndex: unknown } }) => {
      seen.push(input.checkIndex)
      const message = 'Enforcing job modify index -1: job exists with conflicting job modify index: 4'
      return rejection('JOB_INDEX_CHANGED', message)
    }
    const { stderr } = await runJob({ registerJob }, ['-check-index', '0'])
    expect(seen).toEqual([-1])
    expect(stderr).toContain(
      'Enforcing job modify index 0: job exists with conflicting job modify index: 5\nJob not updated\n',
    )
  })

  it('refuses what is no variable, and a file that is not there', async () => {
    expect((await runJob({}, ['-hcl2-strict=false'])).stderr).toContain(
      'Error [USAGE]: -hcl2-strict=false is not there',
    )
    expect((await runJob({}, ['-var', 'a'])).stderr).toContain('-var "a" is not key=value')
    const { code, stderr } = await runFakeCli(['job', 'run', 'nowhere.nomad.hcl'], { cwd: import.meta.dirname })
    expect(code).toBe(1)
    expect(stderr).toBe('Error [FILE_UNREADABLE]: reading nowhere.nomad.hcl failed: there is no such file\n')
  })
})
