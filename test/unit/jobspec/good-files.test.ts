import { describe, expect, it } from 'vitest'
import type { ClearJob, TaskGroupOf, TaskOf } from '../../../src/domain/jobspec/schema.ts'
import { goodJobFile, type JobParts, jobFile } from '../../support/job-files.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const read = async (parts: JobParts): Promise<ClearJob> => {
  const { job, warnings } = await goodJobFile(jobFile(parts))
  expect(warnings).toEqual([])
  return job
}
const readGroup = async (parts: JobParts): Promise<TaskGroupOf<string>> => {
  const [group] = (await read(parts)).groups
  if (group === undefined) throw new Error('the job has no group')
  return group
}
const readTask = async (parts: JobParts): Promise<TaskOf<string>> => {
  const [task] = (await readGroup(parts)).tasks
  if (task === undefined) throw new Error('the group has no task')
  return task
}

const restart = { delayMs: 15 * SECOND, mode: 'fail', rendersTemplates: false }
const emptyTask = {
  name: 'server',
  driver: 'mock',
  config: {},
  env: {},
  meta: {},
  constraints: [],
  resources: { cpuMhz: 100, memoryMb: 300, memoryMaxMb: 0 },
  services: [],
  templates: [],
  restart: { attempts: 2, intervalMs: 30 * MINUTE, ...restart },
  killTimeoutMs: 5 * SECOND,
  killSignal: '',
  shutdownDelayMs: 0,
  isLeader: false,
  lifecycle: null,
  logs: { maxFiles: 10, maxFileSizeMb: 10, isDisabled: false },
  dispatchPayloadFile: '',
}
const emptyGroup = {
  name: 'app',
  count: 1,
  constraints: [],
  network: null,
  services: [],
  ephemeralDiskMb: 300,
  shutdownDelayMs: 0,
  meta: {},
}
const emptyJob = {
  id: 'web',
  name: 'web',
  namespace: 'default',
  region: 'global',
  priority: 50,
  allAtOnce: false,
  datacenters: ['*'],
  nodePool: 'default',
  constraints: [],
  periodic: null,
  parameterized: null,
  meta: {},
}

describe('defaults', () => {
  it('of a service job are those of Nomad', async () => {
    expect(await read({})).toEqual({
      ...emptyJob,
      type: 'service',
      groups: [
        {
          ...emptyGroup,
          tasks: [emptyTask],
          reschedule: {
            attempts: 0,
            intervalMs: 0,
            delayMs: 30 * SECOND,
            delayFunction: 'exponential',
            maxDelayMs: HOUR,
            isUnlimited: true,
          },
          update: {
            maxParallel: 1,
            healthCheck: 'checks',
            minHealthyTimeMs: 10 * SECOND,
            healthyDeadlineMs: 5 * MINUTE,
            progressDeadlineMs: 10 * MINUTE,
            autoRevert: false,
          },
        },
      ],
    })
  })

  it('of a batch job have other restarts and reschedules, and no update', async () => {
    expect(await read({ type: 'batch' })).toEqual({
      ...emptyJob,
      type: 'batch',
      groups: [
        {
          ...emptyGroup,
          tasks: [{ ...emptyTask, restart: { attempts: 3, intervalMs: 24 * HOUR, ...restart } }],
          reschedule: {
            attempts: 1,
            intervalMs: 24 * HOUR,
            delayMs: 5 * SECOND,
            delayFunction: 'constant',
            maxDelayMs: 0,
            isUnlimited: false,
          },
          update: null,
        },
      ],
    })
  })

  it('make a service of a file that does not say its type', async () => {
    const { job } = await goodJobFile(
      'job "a" {\n  group "g" {\n    task "t" {\n      driver = "mock"\n    }\n  }\n}\n',
    )
    expect(job.type).toBe('service')
  })
})

describe('fields of a job', () => {
  it.each<[string, Partial<ClearJob>]>([
    ['name = "Shown"', { id: 'web', name: 'Shown' }],
    ['id = "other"', { id: 'other', name: 'web' }],
    ['namespace = "prod"', { namespace: 'prod' }],
    ['region = "eu"', { region: 'eu' }],
    ['priority = 80', { priority: 80 }],
    ['priority = "80"', { priority: 80 }],
    ['all_at_once = true', { allAtOnce: true }],
    ['all_at_once = "1"', { allAtOnce: true }],
    ['datacenters = ["dc1", "eu-*"]', { datacenters: ['dc1', 'eu-*'] }],
    ['node_pool = "gpu"', { nodePool: 'gpu' }],
    ['meta { owner = "me" }', { meta: { owner: 'me' } }],
    ['meta = { "a-b" = 1, c = true }', { meta: { 'a-b': '1', c: 'true' } }],
    ['priority = null', { priority: 50 }],
    ['meta = null', { meta: {} }],
  ])('%s', async (line, expected) => {
    expect(await read({ job: line })).toMatchObject(expected)
  })

  it('of a periodic job take one cron or several', async () => {
    const one = await read({ type: 'batch', job: 'periodic {\n cron = "*/5 * * * *"\n prohibit_overlap = "true"\n }' })
    expect(one.periodic).toEqual({ isEnabled: true, crons: ['*/5 * * * *'], prohibitsOverlap: true, timeZone: 'UTC' })
    const two = await read({
      type: 'batch',
      job: 'periodic {\n crons = ["@daily", "@hourly"]\n time_zone = "Europe/Berlin"\n enabled = false\n }',
    })
    expect(two.periodic).toEqual({
      isEnabled: false,
      crons: ['@daily', '@hourly'],
      prohibitsOverlap: false,
      timeZone: 'Europe/Berlin',
    })
  })

  it('of a parameterized job', async () => {
    const job = await read({
      type: 'batch',
      job: 'parameterized {\n payload = "required"\n meta_required = ["a"]\n meta_optional = ["b"]\n }',
      task: 'dispatch_payload {\n file = "in.json"\n }',
    })
    expect(job.parameterized).toEqual({ payload: 'required', metaRequired: ['a'], metaOptional: ['b'] })
    expect(job.groups[0]?.tasks[0]?.dispatchPayloadFile).toBe('in.json')
  })

  it('that groups inherit are merged field by field', async () => {
    const group = await readGroup({
      job: 'update {\n max_parallel = 2\n auto_revert = true\n }\n reschedule {\n delay = "1m"\n }',
      group: 'count = 4\n update {\n max_parallel = 3\n }\n reschedule {\n max_delay = "2h"\n }',
    })
    expect(group.update).toMatchObject({ maxParallel: 3, autoRevert: true, minHealthyTimeMs: 10 * SECOND })
    expect(group.reschedule).toMatchObject({ delayMs: MINUTE, maxDelayMs: 2 * HOUR, isUnlimited: true })
  })
})

describe('a task without a group', () => {
  it('is a group of its own, with one instance', async () => {
    const { job } = await goodJobFile('job "a" {\n  task "alone" {\n    driver = "mock"\n  }\n}\n')
    expect(job.groups).toMatchObject([{ name: 'alone', count: 1, tasks: [{ name: 'alone' }] }])
    expect(job.groups[0]?.update).not.toBeNull()
  })
})

describe('fields of a group', () => {
  it.each<[string, Partial<TaskGroupOf<string>>]>([
    ['count = 3', { count: 3 }],
    ['count = "3"', { count: 3 }],
    ['count = 0', { count: 0 }],
    ['shutdown_delay = "10s"', { shutdownDelayMs: 10 * SECOND }],
    ['shutdown_delay = 1500000000', { shutdownDelayMs: 1_500 }],
    ['meta { a = 1 }', { meta: { a: '1' } }],
    ['ephemeral_disk { size = "101" }', { ephemeralDiskMb: 101 }],
    ['update { max_parallel = 0 }', { update: null }],
    ['scaling { min = 2 }', { count: 2 }],
    ['scaling { min = 2 }\ncount = 3', { count: 3 }],
  ])('%s', async (line, expected) => {
    expect(await readGroup({ group: line, task: 'logs { max_files = 1 }' })).toMatchObject(expected)
  })

  it('say how its network looks', async () => {
    const { network } = await readGroup({
      group: `network {
        mode = "host"
        port "http" { to = 8080 }
        port "admin" { static = "9090" }
        port "same" { to = -1 }
      }`,
    })
    expect(network).toEqual({
      mode: 'host',
      ports: [
        { label: 'http', static: 0, to: 8080, hostNetwork: 'default' },
        { label: 'admin', static: 9090, to: 0, hostNetwork: 'default' },
        { label: 'same', static: 0, to: -1, hostNetwork: 'default' },
      ],
    })
  })

  it('say how it restarts, is rescheduled and is updated', async () => {
    const group = await readGroup({
      group: `restart {
        attempts = 5
        interval = "10m"
        delay = "1s"
        mode = "delay"
      }
      reschedule {
        attempts = 3
        interval = "1h"
        delay = "10s"
        delay_function = "fibonacci"
        max_delay = "5m"
      }
      update {
        health_check = "task_states"
        min_healthy_time = "1s"
        healthy_deadline = "1m"
        progress_deadline = "2m"
        auto_revert = "true"
      }`,
    })
    expect(group.tasks[0]?.restart).toEqual({
      attempts: 5,
      intervalMs: 10 * MINUTE,
      delayMs: SECOND,
      mode: 'delay',
      rendersTemplates: false,
    })
    expect(group.reschedule).toEqual({
      attempts: 3,
      intervalMs: HOUR,
      delayMs: 10 * SECOND,
      delayFunction: 'fibonacci',
      maxDelayMs: 5 * MINUTE,
      isUnlimited: false,
    })
    expect(group.update).toMatchObject({ healthCheck: 'task_states', progressDeadlineMs: 2 * MINUTE, autoRevert: true })
  })

  it('keep a reschedule unlimited where that is said, whatever the attempts', async () => {
    const group = await readGroup({ group: 'reschedule {\n attempts = 3\n unlimited = "true"\n }' })
    expect(group.reschedule).toMatchObject({ attempts: 3, isUnlimited: true })
  })
})

describe('constraints', () => {
  it.each<[string, readonly [string, string, string]]>([
    ['attribute = "${attr.kernel.name}"\n value = "linux"', ['${attr.kernel.name}', '=', 'linux']],
    ['attribute = "${node.class}"\n operator = "=="\n value = "big"', ['${node.class}', '=', 'big']],
    ['attribute = "${node.class}"\n operator = "is"\n value = "big"', ['${node.class}', '=', 'big']],
    ['attribute = "${node.class}"\n operator = "not"\n value = "big"', ['${node.class}', '!=', 'big']],
    ['attribute = "${attr.cpu.numcores}"\n operator = ">="\n value = 4', ['${attr.cpu.numcores}', '>=', '4']],
    ['attribute = "${meta.rack}"\n operator = "is_set"', ['${meta.rack}', 'is_set', '']],
    ['attribute = "${meta.rack}"\n is_set = true', ['${meta.rack}', 'is_set', '']],
    ['is_not_set = "${meta.rack}"', ['${meta.rack}', 'is_not_set', '']],
    ['attribute = "${attr.nomad.version}"\n version = ">= 1.2"', ['${attr.nomad.version}', 'version', '>= 1.2']],
    ['attribute = "${attr.nomad.version}"\n semver = "> 1"', ['${attr.nomad.version}', 'semver', '> 1']],
    ['attribute = "${node.unique.name}"\n regexp = "^a.*"', ['${node.unique.name}', 'regexp', '^a.*']],
    ['attribute = "${meta.tags}"\n set_contains = "a,b"', ['${meta.tags}', 'set_contains', 'a,b']],
    ['attribute = "${meta.tags}"\n set_contains_any = "a,b"', ['${meta.tags}', 'set_contains_any', 'a,b']],
    ['distinct_hosts = true', ['', 'distinct_hosts', 'true']],
    ['distinct_property = "${node.datacenter}"', ['${node.datacenter}', 'distinct_property', '1']],
    ['distinct_property = "${meta.rack}"\n value = 2', ['${meta.rack}', 'distinct_property', '2']],
  ])('%s', async (lines, [attribute, operator, value]) => {
    const group = await readGroup({ group: `constraint {\n ${lines}\n }` })
    expect(group.constraints).toEqual([{ attribute, operator, value }])
  })

  it('that are switched off are none', async () => {
    expect((await readGroup({ group: 'constraint {\n distinct_hosts = false\n }' })).constraints).toEqual([])
  })

  it('stand in jobs, groups and tasks', async () => {
    const one = 'constraint {\n attribute = "${node.class}"\n value = "a"\n }'
    const job = await read({ job: one, group: `${one}\n${one}`, task: one })
    const [group] = job.groups
    expect([job, group, group?.tasks[0]].map(part => part?.constraints.length)).toEqual([1, 2, 1])
  })
})

describe('services', () => {
  const group = (lines: string): JobParts => ({
    group: `network {\n port "http" {}\n }\n service {\n provider = "nomad"\n ${lines}\n }`,
  })

  it('have defaults', async () => {
    expect((await readGroup(group(''))).services).toEqual([
      {
        name: 'web-app',
        port: '',
        provider: 'nomad',
        tags: [],
        meta: {},
        addressMode: 'auto',
        address: '',
        task: '',
        checks: [],
      },
    ])
  })

  it('of a task are named after it too', async () => {
    const task = await readTask({ task: 'service {\n provider = "nomad"\n }' })
    expect(task.services).toMatchObject([{ name: 'web-app-server', task: 'server' }])
  })

  it.each([
    ['${JOB}', 'web'],
    ['${TASKGROUP}-x', 'app-x'],
    ['${TASK}', 'server'],
    ['${BASE}', 'web-app-server'],
    ['a-${NOMAD_ALLOC_INDEX}', 'a-${NOMAD_ALLOC_INDEX}'],
    ['${JOB}-${node.class}', 'web-${node.class}'],
  ])('fill in the words of the name "%s"', async (name, expected) => {
    const task = await readTask({ task: `service {\n provider = "nomad"\n name = "${name}"\n }` })
    expect(task.services[0]?.name).toBe(expected)
  })

  it('hold every field', async () => {
    const { services } = await readGroup(
      group(`name = "api"
        port = "http"
        tags = ["a", 1]
        meta { zone = 3 }
        address_mode = "host"
        address = "10.0.0.1"
        task = "server"`),
    )
    expect(services).toMatchObject([
      {
        name: 'api',
        port: 'http',
        tags: ['a', '1'],
        meta: { zone: '3' },
        addressMode: 'host',
        address: '10.0.0.1',
        task: 'server',
      },
    ])
  })

  it('take a number for a port', async () => {
    expect((await readGroup(group('port = 8080'))).services[0]?.port).toBe('8080')
  })

  it('hold checks with defaults and with every field', async () => {
    const { services } = await readGroup(
      group(`port = "http"
        on_update = "ignore"
        check {
          type = "tcp"
          interval = "10s"
          timeout = "2s"
        }
        check {
          name = "alive"
          type = "http"
          path = "/health"
          protocol = "https"
          method = "POST"
          body = "ping"
          port = "9090"
          interval = "1m"
          timeout = 1000000000
          tls_skip_verify = true
          initial_status = "success"
          on_update = "require_healthy"
          header {
            Accept = ["a", "b"]
            X-One = "c"
          }
          check_restart {
            limit = 3
            grace = "30s"
          }
        }
        check_restart {
          limit = 2
        }`),
    )
    expect(services[0]?.checks).toEqual([
      {
        name: 'service: "api" check'.replace('api', 'web-app'),
        type: 'tcp',
        path: '',
        protocol: 'http',
        method: 'GET',
        header: {},
        body: '',
        port: '',
        intervalMs: 10 * SECOND,
        timeoutMs: 2 * SECOND,
        isTlsVerified: true,
        initialStatus: 'pending',
        onUpdate: 'ignore',
        checkRestart: { limit: 2, graceMs: SECOND },
      },
      {
        name: 'alive',
        type: 'http',
        path: '/health',
        protocol: 'https',
        method: 'POST',
        header: { Accept: ['a', 'b'], 'X-One': ['c'] },
        body: 'ping',
        port: '9090',
        intervalMs: MINUTE,
        timeoutMs: SECOND,
        isTlsVerified: false,
        initialStatus: 'success',
        onUpdate: 'require_healthy',
        checkRestart: { limit: 3, graceMs: 30 * SECOND },
      },
    ])
  })
})

describe('fields of a task', () => {
  it.each<[string, Partial<TaskOf<string>>]>([
    ['env { A = "1" }', { env: { A: '1' } }],
    ['env = { "a.b" = 2, C = false }', { env: { 'a.b': '2', C: 'false' } }],
    ['env = { GONE = null, KEPT = "" }', { env: { KEPT: '' } }],
    ['meta { a = 1.5 }', { meta: { a: '1.5' } }],
    ['kill_timeout = "20s"', { killTimeoutMs: 20 * SECOND }],
    ['kill_signal = "SIGTERM"', { killSignal: 'SIGTERM' }],
    ['shutdown_delay = "1m30s"', { shutdownDelayMs: 90 * SECOND }],
    ['leader = true', { isLeader: true }],
    ['user = ""', {}],
    [
      'logs { max_files = 3\n max_file_size = 5 }'.replace(' { ', ' {\n').replace(' }', '\n}'),
      { logs: { maxFiles: 3, maxFileSizeMb: 5, isDisabled: false } },
    ],
    ['logs { disabled = true }', { logs: { maxFiles: 10, maxFileSizeMb: 10, isDisabled: true } }],
    ['logs { enabled = false }', { logs: { maxFiles: 10, maxFileSizeMb: 10, isDisabled: true } }],
    ['resources { cpu = "500" }', { resources: { cpuMhz: 500, memoryMb: 300, memoryMaxMb: 0 } }],
    [
      'resources {\n memory = 64\n memory_max = 128\n }',
      { resources: { cpuMhz: 100, memoryMb: 64, memoryMaxMb: 128 } },
    ],
    [
      'restart { attempts = 0 }',
      {
        restart: { attempts: 0, intervalMs: 30 * MINUTE, delayMs: 15 * SECOND, mode: 'fail', rendersTemplates: false },
      },
    ],
  ])('%s', async (line, expected) => {
    expect(await readTask({ task: line })).toMatchObject(expected)
  })

  it('are checked less than a group: its own restart may be out of bounds', async () => {
    const task = await readTask({ task: 'restart {\n attempts = 50\n interval = "1s"\n delay = "1h"\n }' })
    expect(task.restart).toMatchObject({ attempts: 50, intervalMs: SECOND, delayMs: HOUR })
  })

  it('put it before, beside or after the others', async () => {
    const group = await readGroup({
      group: 'task "init" {\n driver = "mock"\n lifecycle {\n hook = "prestart"\n sidecar = true\n }\n }',
    })
    expect(group.tasks[1]?.lifecycle).toEqual({ hook: 'prestart', isSidecar: true })
  })

  it('hold the driver’s own configuration as plain data', async () => {
    const { config } = await readTask({
      task: `config {
        image = "redis:7"
        args = ["-p", "\${NOMAD_PORT_http}", 1]
        big = 12345678901234567890
        nothing = null
        labels = { "a.b" = "c" }
        mount {
          type = "bind"
        }
        mount {
          type = "volume"
        }
        named "one" {
          x = 1
        }
      }`,
    })
    expect(config).toEqual({
      image: 'redis:7',
      args: ['-p', '${NOMAD_PORT_http}', 1],
      big: '12345678901234567890',
      nothing: null,
      labels: { 'a.b': 'c' },
      mount: [{ type: 'bind' }, { type: 'volume' }],
      named: [{ one: { x: 1 } }],
    })
  })

  it('hold templates with defaults and with every field', async () => {
    const { templates } = await readTask({
      task: `template {
        data = <<EOH
          A={{ env "A" }}
        EOH
        destination = "local/a.env"
        env = true
      }
      template {
        source = "local/in.tpl"
        destination = "secrets/out"
        change_mode = "signal"
        change_signal = "SIGUSR1"
        splay = "1s"
        perms = "600"
        left_delimiter = "[["
        right_delimiter = "]]"
        once = true
        error_on_missing_key = true
      }`,
    })
    expect(templates).toEqual([
      {
        data: '          A={{ env "A" }}\n',
        sourcePath: '',
        destination: 'local/a.env',
        changeMode: 'restart',
        changeSignal: '',
        splayMs: 5 * SECOND,
        perms: '0644',
        leftDelimiter: '{{',
        rightDelimiter: '}}',
        isEnv: true,
        isOnce: false,
        errorsOnMissingKey: false,
      },
      {
        data: null,
        sourcePath: 'local/in.tpl',
        destination: 'secrets/out',
        changeMode: 'signal',
        changeSignal: 'SIGUSR1',
        splayMs: SECOND,
        perms: '600',
        leftDelimiter: '[[',
        rightDelimiter: ']]',
        isEnv: false,
        isOnce: true,
        errorsOnMissingKey: true,
      },
    ])
  })
})

describe('names that only a node knows', () => {
  it.each([
    '${node.unique.id}',
    '${attr.kernel.name}',
    '${meta.rack}',
    '${env["HOME"]}',
    '${NOMAD_PORT_http}',
    '${secret.a.b}',
    '${device.x}',
    '${MY_VARIABLE}',
    '${greeting}',
  ])('%s stays in the text as it is written', async text => {
    const written = text.replaceAll('"', '\\"')
    const { env } = await readTask({ task: `env {\n A = "<${text}>"\n }` })
    expect(written).toContain('${')
    expect(env['A']).toBe(`<${text}>`)
  })

  it('can be escaped, which leaves the text', async () => {
    expect((await readTask({ task: 'env {\n A = "$${var.x}"\n }' })).env['A']).toBe('${var.x}')
  })

  it('that look like a slip are left with a warning', async () => {
    const { job, warnings } = await goodJobFile(jobFile({ task: 'env {\n A = "${vars.x}"\n }' }))
    expect(job.groups[0]?.tasks[0]?.env['A']).toBe('${vars.x}')
    expect(warnings).toMatchObject([{ summary: 'Unknown name', hint: 'Did you mean "var"?' }])
  })
})
