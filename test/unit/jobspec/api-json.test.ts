import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ClearJob } from '../../../src/domain/jobspec/schema.ts'
import { type ApiShape, apiJob } from '../../../src/jobspec/api-shapes.ts'
import { toApiJson } from '../../../src/jobspec/to-api-json.ts'
import { MAX_JSON_DEPTH } from '../../../src/lang/hcl/json-tree.ts'
import { goodJobFile, jobFile, parseJsonJob } from '../../support/job-files.ts'
import { jobVocabulary } from '../../support/job-vocabulary.ts'
import { root } from '../../support/source-tree.ts'

const good = async (source: string): Promise<{ job: ClearJob; warnings: readonly string[] }> => {
  const parsed = await parseJsonJob(source)
  if (!parsed.ok) throw new Error(parsed.diagnostics.map(({ text }) => text).join('\n'))
  return { job: parsed.job, warnings: parsed.warnings.map(({ detail }) => detail) }
}

const bad = async (source: string): Promise<readonly string[]> => {
  const parsed = await parseJsonJob(source)
  if (parsed.ok) throw new Error('the job was accepted')
  return parsed.diagnostics.map(({ line, column, summary, detail }) => `${line}:${column} ${summary}: ${detail}`)
}

const small = (more: object = {}, group: object = {}, task: object = {}): string =>
  JSON.stringify({
    ID: 'web',
    ...more,
    TaskGroups: [{ Name: 'app', ...group, Tasks: [{ Name: 'server', Driver: 'mock', ...task }] }],
  })

/** The API lists static ports before dynamic ones. */
const withOrderedPorts = (job: ClearJob): ClearJob => ({
  ...job,
  groups: job.groups.map(group => ({
    ...group,
    network:
      group.network === null
        ? null
        : {
            ...group.network,
            ports: group.network.ports.toSorted((a, b) => Number(b.static > 0) - Number(a.static > 0)),
          },
  })),
})

const demo = join(root, 'infra/demo/jobs/docker')
const files = new Map([
  ...readdirSync(demo).map(name => [name, readFileSync(join(demo, name), 'utf8')] as const),
  ['the smallest service', jobFile()],
  ['the smallest batch job', jobFile({ type: 'batch' })],
  [
    'a job with much in it',
    jobFile({
      job: 'id = "other"\n meta { a = "" }\n constraint {\n distinct_hosts = true\n }\n constraint {\n is_set = "${meta.x}"\n }',
      group: `count = 0
        update {
          max_parallel = 0
        }
        network {
          port "a" {}
          port "b" { static = 80 }
          port "c" { to = -1 }
        }
        service {
          provider = "nomad"
          port = "a"
          check {
            type = "http"
            path = "/"
            interval = "1s"
            timeout = "1500ms"
            header = { A = ["b", "c"] }
            check_restart {
              limit = 3
            }
          }
        }`,
      task: `env = { A = "$\${not.a.template} %%{ if }", B = "" }
        config {
          args = ["\${NOMAD_PORT_a}", null, 1.5, { x = [] }]
          auth {
            password = "p"
          }
        }
        template {
          data = ""
          destination = "local/empty"
        }
        template {
          source = "local/x"
          destination = "local/y"
          change_mode = "signal"
        }
        restart {
          attempts = 9
          interval = "1s"
        }`,
    }),
  ],
])

describe('a job as the JSON of the API', () => {
  it.each([...files.keys()])('is read again as the same job: %s', async name => {
    const { job } = await goodJobFile(files.get(name) ?? '')
    const text = JSON.stringify(toApiJson(job), null, 2)
    expect(await good(text)).toEqual({ job: withOrderedPorts(job), warnings: [] })
  })

  it('may stand bare or in "Job", and has the defaults of a job file', async () => {
    const { job } = await goodJobFile(jobFile())
    expect((await good(small())).job).toEqual(job)
    expect((await good(`{ "Job": ${small()} }`)).job).toEqual(job)
  })

  it('gives lengths of time in nanoseconds', async () => {
    const { job } = await good(small({}, { ShutdownDelay: 1_500_000_000 }, { KillTimeout: 20e9 }))
    expect(job.groups[0]).toMatchObject({ shutdownDelayMs: 1_500, tasks: [{ killTimeoutMs: 20_000 }] })
    expect(JSON.stringify(toApiJson(job))).toContain('"ShutdownDelay":1500000000')
  })

  it('is accepted with all that a server adds', async () => {
    const { warnings } = await good(
      small(
        {
          Type: 'batch',
          Region: '',
          Namespace: null,
          Status: 'running',
          Version: 3,
          CreateIndex: 17,
          Stop: false,
          ConsulToken: '',
          VaultToken: '',
          Multiregion: null,
          Affinities: null,
          Spreads: [],
          Update: { MaxParallel: 0, Stagger: 0, HealthCheck: '', Canary: 0 },
          Periodic: { Enabled: true, Spec: '', Specs: ['@daily'], SpecType: 'cron', TimeZone: 'UTC' },
        },
        { Consul: { Namespace: '', Cluster: 'default', Partition: '' }, Volumes: null, MaxClientDisconnect: null },
        {
          User: '',
          Artifacts: null,
          Vault: null,
          Resources: { CPU: 100, MemoryMB: 300, DiskMB: 0, Cores: 0, Devices: null, Networks: null },
          Services: [{ Name: 'x', Provider: 'nomad', Cluster: 'default', Connect: null, Weights: null }],
        },
      ),
    )
    expect(warnings).toEqual([])
  })

  it('takes its texts as they are', async () => {
    const { job } = await good(small({}, {}, { Env: { A: '${var.x} %{ if' }, Config: { command: '${1 + 1}' } }))
    expect(job.groups[0]?.tasks[0]).toMatchObject({ env: { A: '${var.x} %{ if' }, config: { command: '${1 + 1}' } })
  })

  it('keeps the names of a driver’s configuration, whatever they are', async () => {
    const source = small({}, {}, { Config: { put: 1 } }).replace('"put"', '"__proto__"')
    const config = (await good(source)).job.groups[0]?.tasks[0]?.config ?? {}
    expect(Object.getOwnPropertyDescriptor(config, '__proto__')?.value).toBe(1)
  })
})

describe('JSON that is refused', () => {
  it.each<[string, string]>([
    ['', '1:1 Invalid JSON'],
    ['{', '1:2 Invalid JSON'],
    ['{"a" 1}', '1:6 Invalid JSON: ":" belongs here.'],
    ['{"a": 1,}', '1:9 Invalid JSON: A key in double quotes'],
    ['[1, 2', '1:6 Invalid JSON'],
    ['[1]', '1:1 Missing job: A job in JSON is an object.'],
    ['{"ID": "a"} x', '1:13 Invalid JSON: Nothing may follow'],
    ['{"ID": "a",\n "ID": "b"}', '2:2 Invalid JSON: The key "ID" stands twice'],
    ['{"ID": "\\q"}', '1:8 Invalid JSON'],
    ['{"Job": null}', '1:9 Missing job'],
    ['{}', '1:1 Missing label'],
    ['{"ID": 7}', 'Missing label'],
    ['{"ID": "a", "TaskGroups": {}}', '1:27 Incorrect value type: "TaskGroups" must be a list of objects.'],
    ['{"ID": "a", "TaskGroups": [7]}', '1:28 Incorrect value type: "TaskGroups" must be a list of objects.'],
    ['{"ID": "a", "Update": 7}', '1:23 Incorrect value type: "Update" must be an object.'],
    [small({ Priorty: 50 }), 'Unsupported name: The JSON of a job has no "Priorty" here.'],
    [small({ Priority: 500 }), '1:24 Invalid priority'],
    [small({}, {}, { User: 'root' }), 'Not supported yet: "user" is refused'],
    [small({}, { Volumes: { x: { Source: 'y' } } }), 'Not supported yet: "volume" is refused'],
    [small({}, { Consul: { Cluster: 'other' } }), 'Not supported yet: "consul" is refused'],
    [small({}, { RestartPolicy: { Attempts: 1, Interval: 1 } }), 'Invalid restart: interval must be 5s or more.'],
    [small({}, { Services: [{ Name: 'x' }] }), 'Unsupported service provider'],
  ])('%j', async (source, finding) => {
    expect((await bad(source)).join('\n')).toContain(finding)
  })

  it('points at the line of a text that has lines', async () => {
    const text = JSON.stringify(JSON.parse(small({}, { Count: 'many' })), null, 2)
    const line = text.split('\n').findIndex(each => each.includes('many')) + 1
    expect(await bad(text)).toEqual([
      `${line}:16 Incorrect attribute value type: "count" must be a whole number: a number is required, and this text is none.`,
    ])
  })

  it(`is deeper than ${MAX_JSON_DEPTH}`, async () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
    const config = (depth: number): string => small({}, {}, { Config: { a: 'deep' } }).replace('"deep"', nested(depth))
    // The job, the list of groups, the group, the list of tasks, the task and its config stand around it.
    await good(config(MAX_JSON_DEPTH - 6))
    expect((await bad(config(MAX_JSON_DEPTH - 5))).join('\n')).toContain(`more than ${MAX_JSON_DEPTH} deep`)
  })

  it('is given with variables, which it cannot have', async () => {
    const parsed = await parseJsonJob(small(), { flags: [{ name: 'x', value: '1' }] })
    expect(parsed.ok ? [] : parsed.diagnostics.map(({ summary }) => summary)).toEqual(['Undefined variable'])
  })

  it('has a warning for what is not acted on', async () => {
    const { warnings } = await good(small({ Affinities: [{ LTarget: 'a', RTarget: 'b', Weight: 50 }] }))
    expect(warnings).toEqual(['"affinity" is accepted but affinities do not count in placement yet.'])
  })
})

describe('the names of the JSON', () => {
  const shapesIn = (shape: ApiShape, path: string): readonly (readonly [string, ApiShape])[] => [
    [path, shape],
    ...Object.values(shape).flatMap(field => {
      if (field === null || typeof field === 'string') return []
      return shapesIn(field.shape, `${path} ${'block' in field ? field.block : field.blocks}`)
    }),
  ]
  const vocabulary = new Map(jobVocabulary().map(block => [block.path, block]))

  it.each(shapesIn(apiJob, 'job'))('in "%s" are names that a job file may hold there', (path, shape) => {
    const block = vocabulary.get(path)
    const known = new Set([
      ...(block?.fields.map(({ name }) => name) ?? []),
      ...Object.keys(block?.known.ignored ?? {}),
      ...Object.keys(block?.known.refused ?? {}),
    ])
    const named = Object.values(shape).flatMap(field => {
      if (field === null) return []
      return typeof field === 'string' ? [field] : ['block' in field ? field.block : field.blocks]
    })
    expect(named.filter(name => !known.has(name))).toEqual([])
  })
})
