import { describe, expect, it } from 'vitest'
import { MAX_JOB_SOURCE_BYTES } from '../../../src/domain/limits.ts'
import { badJobFile, goodJobFile, type JobParts, jobFile } from '../../support/job-files.ts'

const first = async (source: string): Promise<{ summary: string; detail: string; hint: string; place: string }> => {
  const finding = (await badJobFile(source)).find(({ severity }) => severity === 'error')
  if (finding === undefined) throw new Error('there is no error')
  const { summary, detail, hint, line, column } = finding
  return { summary, detail, hint, place: `${line}:${column}` }
}

describe('what is wrong', () => {
  it('is shown with file, line, column, the source line, a caret and what was meant', async () => {
    const source = 'job "a" {\n  group "g" {\n    task "t" {\n      driverr = "mock"\n    }\n  }\n}\n'
    const texts = (await badJobFile(source)).map(({ text }) => text)
    expect(texts[1]).toBe(
      [
        'test.nomad.hcl:4:7: error: Unsupported argument',
        '',
        '  4 |       driverr = "mock"',
        '    |       ^^^^^^^',
        '',
        '  An argument named "driverr" is not expected here.',
        '  hint: Did you mean "driver"?',
      ].join('\n'),
    )
  })

  it('is said all at once, in the order of the file', async () => {
    const findings = await badJobFile(`job "a b" {
  priority = 101
  datacentres = ["dc1"]
  group "g" {
    count = "many"
    network {
      port "http" { static = 70000 }
    }
    service {
      port = "htpp"
    }
    task "t" {
      resources {
        cpu = 0
      }
    }
  }
}
`)
    expect(findings.map(({ line, column, summary }) => `${line}:${column} ${summary}`)).toEqual([
      '1:1 Invalid job id',
      '2:14 Invalid priority',
      '3:3 Unsupported argument',
      '5:13 Incorrect attribute value type',
      '7:30 Invalid port',
      '9:5 Unsupported service provider',
      '9:5 Invalid service name',
      '10:14 Unknown port',
      '12:5 Missing driver',
      '14:15 Invalid resources',
    ])
  })

  it('is said once, however often it is read', async () => {
    const findings = await badJobFile(jobFile({ job: 'constraint {\n attribute = var.x\n value = var.y\n }' }))
    expect(findings.map(({ summary }) => summary)).toEqual(['Undeclared variable', 'Undeclared variable'])
  })

  it('keeps its errors when there are more warnings than are shown', async () => {
    const many = Array.from({ length: 150 }, () => 'affinity {\n attribute = "a"\n }').join('\n')
    const findings = await badJobFile(jobFile({ job: `${many}\n nonsense = 1` }))
    expect(findings.length).toBe(100)
    expect(findings.some(({ summary }) => summary === 'Unsupported argument')).toBe(true)
  })
})

describe('a file', () => {
  it.each<[string, string, string]>([
    ['', 'Missing job', '1:1'],
    ['job "a" {', 'Unclosed', '1:'],
    ['x = 1\n', 'Unsupported argument', '1:1'],
    ['jobb "a" {}\n', 'Unsupported block', '1:1'],
    ['job {\n}\n', 'Missing label', '1:1'],
    ['job "a" "b" {\n}\n', 'Extraneous label', '1:1'],
    ['job "a" {\n}\n', 'Missing group', '1:1'],
    ['job "a" {\n group "g" {\n }\n}\n', 'Missing task', '2:2'],
    ['job "a" {\n priority = 1\n priority = 2\n}\n', 'Attribute redefined', '3:2'],
    ['{ "job": {} }', '', '1:1'],
  ])('%j is refused', async (source, summary, place) => {
    const found = await first(source)
    expect(found.summary).toContain(summary)
    expect(found.place.startsWith(place)).toBe(true)
  })

  it('with a second job is refused', async () => {
    const source = `${jobFile()}job "second" {\n}\n`
    expect(await first(source)).toMatchObject({ summary: 'Duplicate job', place: `${jobFile().split('\n').length}:1` })
  })

  it.each([-1, 0])('of the limit%s bytes is read', async less => {
    const start = jobFile()
    const source = `${start}#${'x'.repeat(MAX_JOB_SOURCE_BYTES - start.length - 1 + less)}`
    expect(Buffer.byteLength(source)).toBe(MAX_JOB_SOURCE_BYTES + less)
    expect((await goodJobFile(source)).job.id).toBe('web')
  })

  it('of one byte more is refused, and the message says how many it has', async () => {
    const source = `${jobFile()}#`.padEnd(MAX_JOB_SOURCE_BYTES + 1, 'x')
    const found = await first(source)
    expect(found.summary).toBe('Source too large')
    expect(found.detail).toContain('1000001')
  })

  it('that becomes too large when its variables are filled in is refused', async () => {
    const top = `locals {\n big = "${'x'.repeat(500_000)}"\n}\n`
    const services = Array.from(
      { length: 40 },
      (_, index) => `service {\n name = "s${index}"\n provider = "nomad"\n tags = [local.big]\n }`,
    )
    expect((await first(jobFile({ top, group: services.join('\n') }))).summary).toBe('Job too large')
  })

  it('of JSON is refused with a word about it', async () => {
    expect((await first('{ "Job": { "ID": "a" } }')).hint).toContain('-json')
  })
})

type Case = readonly [what: string, parts: JobParts, summary: string, detail: RegExp]

const service = (lines: string): JobParts => ({
  group: `network {\n port "http" {}\n }\n service {\n provider = "nomad"\n ${lines}\n }`,
})
const check = (lines: string): JobParts => service(`port = "http"\n check {\n ${lines}\n }`)
const template = (lines: string): JobParts => ({ task: `template {\n ${lines}\n }` })
const other = 'task "second" {\n driver = "mock"\n leader = true\n }'

const cases: readonly Case[] = [
  // Types
  [
    'a word for a number',
    { group: 'count = "many"' },
    'Incorrect attribute value type',
    /"count" must be a whole number/,
  ],
  [
    'a fraction',
    { group: 'count = 1.5' },
    'Incorrect attribute value type',
    /"count" must be a whole number: it is 1\.5/,
  ],
  [
    'a list for a string',
    { job: 'namespace = ["a"]' },
    'Incorrect attribute value type',
    /"namespace" must be a string/,
  ],
  [
    'a word for a bool',
    { job: 'all_at_once = "yes"' },
    'Incorrect attribute value type',
    /"all_at_once" must be a bool/,
  ],
  ['a number for a list', { job: 'datacenters = "dc1"' }, 'Incorrect attribute value type', /list of strings/],
  ['a list in a list', { job: 'datacenters = [["dc1"]]' }, 'Incorrect attribute value type', /list of strings/],
  ['a list in a map', { task: 'env = { A = [] }' }, 'Incorrect attribute value type', /"env\.A" must be a string/],
  ['a text for a map', { task: 'env = "A"' }, 'Incorrect attribute value type', /map of strings/],
  ['no unit', { task: 'kill_timeout = "5"' }, 'Incorrect attribute value type', /"kill_timeout" must be a duration/],
  ['a bare word', { task: 'user = root' }, 'Unknown variable', /root/],
  ['an attribute for a block', { task: 'resources = { cpu = 1 }' }, 'Unsupported argument', /"resources"/],
  ['a block for an attribute', { group: 'count {\n }' }, 'Unsupported block', /"count"/],
  ['both forms of a map', { task: 'meta = {}\n meta {\n }' }, 'Argument and block of one name', /meta/],
  ['a block twice', { group: 'update {\n }\n update {\n }' }, 'Duplicate block', /Only one "update"/],
  ['a block in a map', { task: 'env {\n A = 1\n inner {\n }\n }' }, 'Unsupported block', /"inner"/],
  // Job
  ['a type of job', { job: 'type2 = 1' }, 'Unsupported argument', /type2/],
  ['priority 0', { job: 'priority = 0' }, 'Invalid priority', /1 to 100/],
  ['priority 101', { job: 'priority = 101' }, 'Invalid priority', /1 to 100/],
  ['no datacenters', { job: 'datacenters = []' }, 'Missing datacenters', /one at least/],
  ['an empty datacenter', { job: 'datacenters = [""]' }, 'Invalid datacenter', /empty/],
  ['a namespace with a space', { job: 'namespace = "a b"' }, 'Invalid namespace', /"a b"/],
  ['a group twice', { job: 'group "app" {\n task "x" {\n driver = "mock"\n }\n }' }, 'Duplicate group', /"app"/],
  ['a job-wide restart', { job: 'restart {\n }' }, 'Unsupported block', /"restart"/],
  ['a periodic service', { job: 'periodic {\n cron = "@daily"\n }' }, 'Invalid periodic job', /Only batch/],
  ['a parameterized service', { job: 'parameterized {\n }' }, 'Invalid parameterized job', /Only batch/],
  [
    'both at once',
    { type: 'batch', job: 'parameterized {\n }\n periodic {\n cron = "@daily"\n }' },
    'Not supported yet',
    /both parameterized and periodic/,
  ],
  ['no cron', { type: 'batch', job: 'periodic {\n }' }, 'Missing cron', /cron or crons/],
  [
    'cron and crons',
    { type: 'batch', job: 'periodic {\n cron = "@daily"\n crons = ["@daily"]\n }' },
    'Duplicate definition',
    /either/,
  ],
  [
    'meta both required and optional',
    { type: 'batch', job: 'parameterized {\n meta_required = ["a"]\n meta_optional = ["a"]\n }' },
    'Invalid parameterized job',
    /both required and optional: a/,
  ],
  [
    'a kind of payload',
    { type: 'batch', job: 'parameterized {\n payload = "requird"\n }' },
    'Unsupported value',
    /one of "optional", "required", "forbidden"/,
  ],
  [
    'a payload without dispatch',
    { task: 'dispatch_payload {\n file = "a"\n }' },
    'Invalid dispatch_payload',
    /parameterized/,
  ],
  // Group
  ['a negative count', { group: 'count = -1' }, 'Invalid count', /-1/],
  ['a count over the limit', { group: 'count = 50001' }, 'Count too large', /50001; the limit is 50000/],
  ['a small disk', { group: 'ephemeral_disk {\n size = 9\n }' }, 'Invalid disk', /10 MB/],
  ['logs larger than the disk', { group: 'ephemeral_disk {\n size = 100\n }' }, 'Invalid logs', /do not fit/],
  ['a task twice', { group: 'task "server" {\n driver = "mock"\n }' }, 'Duplicate task', /"server"/],
  ['two leaders', { task: 'leader = true', group: other }, 'Several leaders', /more than one/],
  ['only hooks', { task: 'lifecycle {\n hook = "prestart"\n }' }, 'Missing task', /without a lifecycle hook/],
  ['a negative delay', { group: 'shutdown_delay = "-1s"' }, 'Invalid duration', /shutdown_delay cannot be negative/],
  [
    'a restart that does not fit',
    { group: 'restart {\n attempts = 10\n interval = "10s"\n delay = "2s"\n }' },
    'Invalid restart',
    /do not fit/,
  ],
  [
    'a short restart interval',
    { group: 'restart {\n interval = "4s"\n attempts = 0\n }' },
    'Invalid restart',
    /5s or more/,
  ],
  [
    'a delay of nothing',
    { group: 'restart {\n attempts = 0\n mode = "delay"\n }' },
    'Invalid restart',
    /needs mode = "fail"/,
  ],
  ['a restart mode', { group: 'restart {\n mode = "fial"\n }' }, 'Unsupported value', /"fail", "delay"/],
  ['a short reschedule', { group: 'reschedule {\n delay = "1s"\n }' }, 'Invalid reschedule', /5s or more/],
  ['a growing delay without room', { group: 'reschedule {\n delay = "2h"\n }' }, 'Invalid reschedule', /max_delay/],
  [
    'attempts that do not fit',
    { group: 'reschedule {\n attempts = 5\n interval = "20s"\n delay = "10s"\n delay_function = "constant"\n }' },
    'Invalid reschedule',
    /do not fit/,
  ],
  [
    'healthy too late',
    { group: 'update {\n healthy_deadline = "20m"\n }' },
    'Invalid update',
    /healthy_deadline must be less/,
  ],
  [
    'healthy for too long',
    { group: 'update {\n min_healthy_time = "6m"\n }' },
    'Invalid update',
    /min_healthy_time must be less/,
  ],
  ['a negative max_parallel', { group: 'update {\n max_parallel = -1\n }' }, 'Invalid update', /negative/],
  ['a kill that outlasts the update', { task: 'kill_timeout = "20m"' }, 'Invalid kill timeout', /progress_deadline/],
  // Network
  ['a network mode', { group: 'network {\n mode = "bridge"\n }' }, 'Not supported yet', /"bridge"/],
  ['a second network', { group: 'network {\n }\n network {\n }' }, 'Duplicate block', /"network"/],
  ['a port too high', { group: 'network {\n port "a" { static = 65536 }\n }' }, 'Invalid port', /65536/],
  ['a port twice', { group: 'network {\n port "a" {}\n port "a" {}\n }' }, 'Duplicate port', /"a"/],
  [
    'a number twice',
    { group: 'network {\n port "a" { static = 80 }\n port "b" { static = 80 }\n }' },
    'Duplicate port',
    /80/,
  ],
  ['a label of a port', { group: 'network {\n port "a b" {}\n }' }, 'Invalid port', /no label/],
  [
    'another host network',
    { group: 'network {\n port "a" { host_network = "public" }\n }' },
    'Not supported yet',
    /"public"/,
  ],
  // Services
  ['Consul by silence', { group: 'service {\n }' }, 'Unsupported service provider', /no provider, which means Consul/],
  ['Consul by name', { group: 'service {\n provider = "consul"\n }' }, 'Unsupported service provider', /"consul"/],
  ['a name with a dot', service('name = "a.b"'), 'Invalid service name', /"a\.b"/],
  ['a long name', service(`name = "${'a'.repeat(64)}"`), 'Invalid service name', /63/],
  ['an unknown port', service('port = "htpp"'), 'Unknown port', /"htpp"/],
  ['an address mode', service('address_mode = "driver"'), 'Unsupported value', /"auto", "host"/],
  ['a check without a type', check('interval = "1s"\n timeout = "1s"'), 'Unsupported check type', /needs a type/],
  ['a script check', check('type = "script"\n interval = "1s"\n timeout = "1s"'), 'Unsupported check type', /script/],
  ['a check without interval', check('type = "tcp"\n timeout = "1s"'), 'Missing interval', /1s or more/],
  ['a check without timeout', check('type = "tcp"\n interval = "1s"'), 'Missing timeout', /1s or more/],
  ['a short interval', check('type = "tcp"\n interval = "999ms"\n timeout = "1s"'), 'Missing interval', /1s or more/],
  ['an http check without path', check('type = "http"\n interval = "1s"\n timeout = "1s"'), 'Missing path', /"\/"/],
  [
    'a header',
    check('type = "tcp"\n interval = "1s"\n timeout = "1s"\n header = "a"'),
    'Incorrect attribute value type',
    /"header"/,
  ],
  [
    'a check without any port',
    { group: 'service {\n provider = "nomad"\n check {\n type = "tcp"\n interval = "1s"\n timeout = "1s"\n }\n }' },
    'Missing port',
    /no port/,
  ],
  [
    'a check with an unknown port',
    check('type = "tcp"\n interval = "1s"\n timeout = "1s"\n port = "x"'),
    'Unknown port',
    /"x"/,
  ],
  [
    'a service twice',
    { group: 'service {\n provider = "nomad"\n }\n service {\n provider = "nomad"\n }' },
    'Duplicate service',
    /web-app/,
  ],
  // Task
  ['a task called alloc', { group: 'task "alloc" {\n driver = "mock"\n }' }, 'Invalid task name', /"alloc"/],
  ['a task with a slash', { group: 'task "a/b" {\n driver = "mock"\n }' }, 'Invalid task name', /"a\/b"/],
  ['no cpu', { task: 'resources {\n cpu = 0\n }' }, 'Invalid resources', /1 MHz/],
  ['little memory', { task: 'resources {\n memory = 9\n }' }, 'Invalid resources', /10 MB/],
  ['less than the memory', { task: 'resources {\n memory_max = 100\n }' }, 'Invalid resources', /memory_max/],
  ['memory without end', { task: 'resources {\n memory_max = -1\n }' }, 'Not supported yet', /without a limit/],
  ['no log files', { task: 'logs {\n max_files = 0\n }' }, 'Invalid logs', /1 or more/],
  ['a signal', { task: 'kill_signal = "TERM"' }, 'Invalid signal', /"TERM"/],
  ['a hook', { task: 'lifecycle {\n hook = "before"\n }' }, 'Unsupported value', /"prestart", "poststart", "poststop"/],
  ['no hook', { group: 'task "x" {\n driver = "mock"\n lifecycle {\n }\n }' }, 'Missing hook', /needs a hook/],
  [
    'a distinct task',
    { task: 'constraint {\n distinct_hosts = true\n }' },
    'Invalid constraint',
    /jobs and groups only/,
  ],
  // Values that could be taken for sealed ones
  [
    'a config that looks sealed',
    { task: 'config {\n x = { sealed = "AAAA", digest = "d", more = 1 }\n }' },
    'Reserved names',
    /sealed/,
  ],
  ['a meta that looks sealed', { task: 'meta {\n source = "a"\n digest = "d"\n }' }, 'Reserved names', /source/],
  // Constraints
  [
    'an operator',
    { job: 'constraint {\n attribute = "a"\n operator = "~"\n value = "b"\n }' },
    'Unsupported operator',
    /"~" is no operator/,
  ],
  ['nothing to compare', { job: 'constraint {\n attribute = "a"\n }' }, 'Invalid constraint', /needs a value/],
  ['nothing to compare with', { job: 'constraint {\n value = "a"\n }' }, 'Invalid constraint', /needs an attribute/],
  [
    'a range',
    { job: 'constraint {\n attribute = "a"\n version = "about 1"\n }' },
    'Invalid constraint',
    /no range of versions/,
  ],
  ['a pattern', { job: 'constraint {\n attribute = "a"\n regexp = "("\n }' }, 'Invalid regular expression', /"\("/],
  [
    'a count of values',
    { job: 'constraint {\n distinct_property = "a"\n value = 0\n }' },
    'Invalid constraint',
    /1 or more/,
  ],
  // Templates
  ['no text', template('destination = "local/a"'), 'Incomplete template', /either data or source/],
  ['two texts', template('data = "a"\n source = "b"\n destination = "local/a"'), 'Incomplete template', /either/],
  ['no destination', template('data = "a"'), 'Missing destination', /destination/],
  ['a way out', template('data = "a"\n destination = "local/../../a"'), 'Path escapes', /leaves/],
  ['a way out of the source', template('source = "../a"\n destination = "local/a"'), 'Path escapes', /leaves/],
  [
    'a script on change',
    template('data = "a"\n destination = "a"\n change_mode = "script"'),
    'Unsupported value',
    /script/,
  ],
  [
    'a change mode',
    template('data = "a"\n destination = "a"\n change_mode = "restrat"'),
    'Unsupported value',
    /"restrat"/,
  ],
  [
    'a signal for env',
    template('data = "a"\n destination = "a"\n env = true\n change_mode = "signal"'),
    'Invalid template',
    /env = true/,
  ],
  [
    'a change signal',
    template('data = "a"\n destination = "a"\n change_mode = "signal"\n change_signal = "HUP"'),
    'Invalid template',
    /"HUP"/,
  ],
  ['perms', template('data = "a"\n destination = "a"\n perms = "rw"'), 'Invalid template', /octal/],
  ['a negative splay', template('data = "a"\n destination = "a"\n splay = "-1s"'), 'Invalid duration', /splay/],
]

describe('refused', () => {
  it.each(cases)('%s', async (_, parts, summary, detail) => {
    const findings = await badJobFile(jobFile(parts))
    const found = findings.filter(finding => finding.severity === 'error' && finding.summary === summary)
    expect(findings.map(finding => finding.summary)).toContain(summary)
    expect(found.map(finding => finding.detail).join('\n')).toMatch(detail)
    for (const finding of found)
      expect(finding.text).toContain(`test.nomad.hcl:${finding.line}:${finding.column}: error`)
  })

  it.each(['system', 'sysbatch', 'servce'])('jobs of type %s', async type => {
    expect((await first(jobFile().replace('"service"', `"${type}"`))).detail).toContain(`"${type}"`)
  })

  it('two templates with one destination', async () => {
    const one = 'template {\n data = "a"\n destination = "local/a"\n }'
    expect((await first(jobFile({ task: `${one}\n${one}` }))).summary).toBe('Duplicate template')
  })
})

describe('warned of', () => {
  it.each<[string, JobParts, RegExp]>([
    ['more in parallel than there are', { group: 'update {\n max_parallel = 2\n }' }, /max_parallel is 2/],
    [
      'a restart that renders',
      { group: 'restart {\n render_templates = true\n }' },
      /"render_templates" is accepted but/,
    ],
    ['a batch group with an update', { type: 'batch', group: 'update {\n }' }, /no effect/],
    ['a batch job with an update', { type: 'batch', job: 'update {\n }' }, /no effect/],
  ])('%s', async (_, parts, detail) => {
    const { warnings } = await goodJobFile(jobFile(parts))
    expect(warnings.map(warning => warning.detail).join('\n')).toMatch(detail)
  })
})
