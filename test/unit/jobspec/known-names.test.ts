import { describe, expect, it } from 'vitest'
import { badJobFile, goodJobFile, type JobParts, jobFile } from '../../support/job-files.ts'
import { jobVocabulary } from '../../support/job-vocabulary.ts'

/** Every name that Nomad's job files may hold (nomad-behaviour §1.14), by the path of its block. */
const nomadNames: Readonly<Record<string, string>> = {
  job: `type priority datacenters node_pool namespace region all_at_once meta ui name group update migrate reschedule
    periodic parameterized multiregion constraint affinity spread task vault consul secret`,
  'job update': `max_parallel health_check min_healthy_time healthy_deadline progress_deadline auto_revert auto_promote
    canary stagger`,
  'job reschedule': 'attempts interval delay delay_function max_delay unlimited',
  'job periodic': 'enabled crons cron prohibit_overlap time_zone',
  'job parameterized': 'payload meta_required meta_optional',
  'job constraint': 'attribute operator value',
  'job group': `count task constraint affinity spread meta scaling consul network service volume ephemeral_disk restart
    reschedule update migrate disconnect shutdown_delay max_run_duration stop_after_client_disconnect
    max_client_disconnect prevent_reschedule_on_lost vault secret`,
  'job group restart': 'attempts interval delay mode render_templates',
  'job group network': 'mode hostname device cidr ip mbits port dns cni',
  'job group network port': 'static to host_network ignore_collision',
  'job group scaling': 'min max enabled policy type',
  'job group ephemeral_disk': 'size sticky migrate',
  'job group service': `name port provider tags canary_tags meta canary_meta tagged_addresses address_mode address task
    on_update enable_tag_override weights cluster identity connect kind check check_restart`,
  'job group service check': `type name path protocol method header body port interval timeout initial_status
    address_mode expose tls_skip_verify tls_server_name command args task grpc_service grpc_use_tls
    success_before_passing failures_before_critical failures_before_warning notes on_update check_restart`,
  'job group service check_restart': 'limit grace ignore_warnings',
  'job group task': `driver user config env meta leader kill_timeout kill_signal shutdown_delay logs lifecycle resources
    artifact template volume_mount identity vault consul dispatch_payload csi_plugin secret action schedule scaling
    service restart constraint affinity kind`,
  'job group task logs': 'max_files max_file_size disabled enabled',
  'job group task lifecycle': 'hook sidecar',
  'job group task resources': 'cpu cores memory memory_max secrets disk device numa network iops',
  'job group task template': `source data destination change_mode change_signal change_script splay perms uid gid
    left_delimiter right_delimiter env once error_on_missing_key wait vault_grace`,
  'job group task dispatch_payload': 'file',
}

const namesOf = (path: string): ReadonlySet<string> => {
  const block = jobVocabulary().find(candidate => candidate.path === path)
  if (block === undefined) throw new Error(`no block ${path} was read`)
  const { fields, known } = block
  return new Set([
    ...fields.map(({ name }) => name),
    ...Object.keys(known.ignored ?? {}),
    ...Object.keys(known.refused ?? {}),
  ])
}

/** A body with one more line at the given block; `null` where the block's lines are complete without. */
const partsFor = (path: string, line: string): JobParts => {
  const service = (lines: string): JobParts => ({ group: `service {\n provider = "nomad"\n port = 80\n ${lines}\n }` })
  const check = (lines: string): JobParts =>
    service(`check {\n type = "tcp"\n interval = "1s"\n timeout = "1s"\n ${lines}\n }`)
  switch (path) {
    case 'job':
      return { job: line }
    case 'job group':
      return { group: line }
    case 'job group task':
      return { task: line }
    case 'job group service':
      return service(line)
    case 'job group service check':
      return check(line)
    case 'job group service check_restart':
      return service(`check_restart {\n limit = 1\n ${line}\n }`)
    case 'job group task service check check_restart':
    case 'job group service check check_restart':
      return check(`check_restart {\n limit = 1\n ${line}\n }`)
    case 'job group network port':
      return { group: `network {\n port "a" {\n ${line}\n }\n }` }
    case 'job group task template':
      return { task: `template {\n data = "a"\n destination = "a"\n ${line}\n }` }
    default: {
      const types = path.split(' ')
      const block = `${types.at(-1)} {\n ${line}\n }`
      if (types.length === 2) return { job: block }
      return types.at(-2) === 'group' ? { group: block } : { task: block }
    }
  }
}

const paths = jobVocabulary().filter(
  ({ path }) => !/task service|task constraint|group constraint|group update|group reschedule|task restart/.test(path),
)
const rowsOf = (which: 'ignored' | 'refused'): readonly (readonly [path: string, name: string, reason: string])[] =>
  paths.flatMap(({ path, known }) =>
    Object.entries(known[which] ?? {}).map(([name, reason]) => [path, name, reason] as const),
  )

describe('every name of Nomad', () => {
  it.each(Object.entries(nomadNames))('in "%s" is read, or known by name', (path, names) => {
    const here = namesOf(path)
    expect(names.split(/\s+/).filter(name => !here.has(name))).toEqual([])
  })

  it('is looked for in every block that is read', () => {
    const looked = new Set(Object.keys(nomadNames))
    expect(paths.map(({ path }) => path).filter(path => !looked.has(path))).toEqual([
      'job group service check check_restart',
    ])
  })
})

describe('a name that is not acted on', () => {
  it.each(rowsOf('ignored'))('in "%s", %s, is accepted with a warning that names it', async (path, name, reason) => {
    for (const line of [`${name} = 7`, `${name} {\n }`]) {
      const { warnings } = await goodJobFile(jobFile(partsFor(path, line)))
      expect(warnings.map(({ summary, detail }) => `${summary}: ${detail}`)).toContain(
        `Not acted on: "${name}" is accepted but ${reason}.`,
      )
    }
  })

  it.each(rowsOf('refused'))('in "%s", %s, is refused by name', async (path, name, reason) => {
    for (const line of [`${name} = 7`, `${name} "x" {\n }`]) {
      const found = await badJobFile(jobFile(partsFor(path, line)))
      expect(found.map(({ summary, detail }) => `${summary}: ${detail}`)).toContain(
        `Not supported yet: "${name}" is refused: ${reason}.`,
      )
    }
  })

  it.each(['sticky = false', 'migrate = "" ', 'sticky = 0', 'migrate = null', 'sticky = []', 'migrate = {}'])(
    'is not mentioned where it asks for nothing: %s',
    async line => {
      expect((await goodJobFile(jobFile({ group: `ephemeral_disk {\n ${line}\n }` }))).warnings).toEqual([])
    },
  )
})

describe('a name that is not known', () => {
  it.each(paths.map(({ path }) => path))('in "%s" is refused', async path => {
    const found = await badJobFile(jobFile(partsFor(path, 'nonsense_here = 1')))
    expect(found.map(({ detail }) => detail)).toContain('An argument named "nonsense_here" is not expected here.')
  })

  it.each([
    ['job', 'datacentres = []', 'datacenters'],
    ['job group', 'cuont = 1', 'count'],
    ['job group', 'netwrok {\n }', 'network'],
    ['job group task', 'resource {\n }', 'resources'],
    ['job group task', 'artefact {\n }', 'artifact'],
    ['job group service', 'adress = "a"', 'address'],
    ['job group task template', 'chnage_mode = "noop"', 'change_mode'],
  ])('in "%s", %j, is answered with what was meant', async (path, line, meant) => {
    const found = await badJobFile(jobFile(partsFor(path, line)))
    expect(found.map(({ hint }) => hint)).toContain(`Did you mean "${meant}"?`)
  })

  it.each([
    ['job group task', 'resources = { cpu = 1 }', 'Write it as a block: resources { … }'],
    ['job group', 'count {\n }', 'Write it as an argument: count = …'],
  ])('in "%s", %j, is told the form that it has', async (path, line, hint) => {
    const found = await badJobFile(jobFile(partsFor(path, line)))
    expect(found.map(finding => finding.hint)).toContain(hint)
  })
})
