import type { Check, CheckRestart, Service } from '../../domain/jobspec/schema.ts'
import {
  type Block,
  createReader,
  type DecodeContext,
  isList,
  isObject,
  type Reader,
  toStringValue,
  type Value,
} from '../../lang/hcl/index.ts'

const decodeCheckRestart = (reader: Reader): CheckRestart | null => {
  const block = reader.block('check_restart')
  if (block === undefined) return null
  const inner = createReader(block.body, reader.context)
  const limit = inner.integer('limit', 0)
  const graceMs = inner.duration('grace', 1_000)
  inner.finish({ refused: { ignore_warnings: 'checks of provider "nomad" know no warnings' } })
  return limit === 0 ? null : { limit, graceMs }
}

const textsOf = (value: Value): readonly string[] =>
  (isList(value) ? value : [value as Value]).flatMap((entry: Value) => {
    const text = toStringValue(entry)
    return text.ok ? [text.value] : []
  })

const headerOf = (values: Iterable<readonly [string, Value]>): Check['header'] =>
  Object.fromEntries(Array.from(values, ([name, value]) => [name, textsOf(value)]))

/** `header { Accept = ["a", "b"] }` or as an attribute. */
const decodeHeader = (reader: Reader): Check['header'] => {
  const value = reader.value('header')
  const block = reader.block('header')
  if (value !== undefined) {
    if (isObject(value)) return headerOf(Object.entries(value))
    const detail = '"header" must be a map of lists of strings.'
    reader.report({ summary: 'Incorrect attribute value type', detail, range: reader.rangeOf('header') })
  }
  if (block === undefined) return {}
  const inner = createReader(block.body, reader.context)
  return headerOf(block.body.attributes.map(({ name }) => [name, inner.value(name) ?? ''] as const))
}

const onUpdateChoices = ['require_healthy', 'ignore_warnings', 'ignore'] as const

const refusedInChecks = {
  refused: {
    expose: 'it needs Consul Connect',
    tls_server_name: 'checks of provider "nomad" do not take it',
    success_before_passing: 'checks of provider "nomad" do not take it',
    failures_before_critical: 'checks of provider "nomad" do not take it',
    failures_before_warning: 'checks of provider "nomad" do not take it',
    command: 'script checks are not supported by provider "nomad"',
    args: 'script checks are not supported by provider "nomad"',
    task: 'script checks are not supported by provider "nomad"',
    grpc_service: 'grpc checks are not supported by provider "nomad"',
    grpc_use_tls: 'grpc checks are not supported by provider "nomad"',
  },
  ignored: { notes: 'shown nowhere yet' },
}

const checkType = (reader: Reader): Check['type'] => {
  const type = reader.string('type', '')
  if (type === 'http' || type === 'tcp') return type
  const detail =
    type === ''
      ? 'A check needs a type, "http" or "tcp".'
      : `Checks of type "${type}" are not supported by provider "nomad": use "http" or "tcp".`
  reader.report({ summary: 'Unsupported check type', detail, range: reader.rangeOf('type') })
  return 'tcp'
}

const decodeCheck = (
  block: Block,
  context: DecodeContext,
  service: Pick<Service, 'name'>,
  onUpdate: Check['onUpdate'],
): Check => {
  const reader = createReader(block.body, context)
  const type = checkType(reader)
  const check: Check = {
    name: reader.string('name', `service: "${service.name}" check`),
    type,
    path: reader.string('path', ''),
    protocol: reader.oneOf('protocol', ['http', 'https'], 'http'),
    method: reader.string('method', 'GET'),
    header: decodeHeader(reader),
    body: reader.string('body', ''),
    port: reader.string('port', ''),
    intervalMs: reader.duration('interval', 0),
    timeoutMs: reader.duration('timeout', 0),
    isTlsVerified: !reader.bool('tls_skip_verify', false),
    initialStatus: reader.oneOf('initial_status', ['pending', 'success', 'failure'], 'pending'),
    onUpdate: reader.oneOf('on_update', onUpdateChoices, onUpdate),
    checkRestart: decodeCheckRestart(reader),
  }
  reader.oneOf('address_mode', ['auto', 'host'], 'host')
  reader.finish(refusedInChecks)
  if (type === 'http' && !check.path.startsWith('/')) {
    reader.report({
      summary: 'Missing path',
      detail: 'An http check needs a path that begins with "/".',
      range: reader.has('path') ? reader.rangeOf('path') : block.headerRange,
    })
  }
  for (const [name, length] of [
    ['interval', check.intervalMs],
    ['timeout', check.timeoutMs],
  ] as const) {
    if (length >= 1_000) continue
    const range = reader.has(name) ? reader.rangeOf(name) : block.headerRange
    reader.report({
      summary: `Missing ${name}`,
      detail: `A check needs ${name === 'interval' ? 'an' : 'a'} ${name} of 1s or more.`,
      range,
    })
  }
  return check
}

const serviceNames = {
  refused: {
    connect: 'it needs Consul Connect',
    tagged_addresses: 'it needs Consul',
    enable_tag_override: 'provider "nomad" does not take it',
    identity: 'workload identities are not supported yet',
    kind: 'it needs Consul Connect',
    cluster: 'it needs Consul',
  },
  ignored: {
    canary_tags: 'there are no canaries yet',
    canary_meta: 'there are no canaries yet',
    weights: 'nothing reads weights yet',
  },
}

const checkProvider = (reader: Reader, block: Block): void => {
  const provider = reader.string('provider', null)
  if (provider === 'nomad') return
  const given =
    provider === null ? 'This service has no provider, which means Consul' : `The provider "${provider}" is not there`
  reader.report({
    summary: 'Unsupported service provider',
    detail: `${given}.`,
    hint: 'Write provider = "nomad".',
    range: provider === null ? block.headerRange : reader.rangeOf('provider'),
  })
}

export type ServiceOwner = { readonly job: string; readonly group: string; readonly task: string }

const nameOf = (reader: Reader, owner: ServiceOwner): string => {
  const base = [owner.job, owner.group, owner.task].filter(part => part !== '').join('-')
  const words: Readonly<Record<string, string>> = {
    JOB: owner.job,
    TASKGROUP: owner.group,
    TASK: owner.task,
    BASE: base,
  }
  return reader
    .string('name', base)
    .replaceAll(/\$\{(JOB|TASKGROUP|TASK|BASE)\}/g, (_, word: string) => words[word] ?? '')
}

const decodeService = (block: Block, context: DecodeContext, owner: ServiceOwner): Service => {
  const reader = createReader(block.body, context)
  checkProvider(reader, block)
  const name = nameOf(reader, owner)
  const service: Service = {
    name,
    port: reader.string('port', ''),
    provider: 'nomad',
    tags: reader.strings('tags') ?? [],
    meta: reader.stringMap('meta') ?? {},
    addressMode: reader.oneOf('address_mode', ['auto', 'host'], 'auto'),
    address: reader.string('address', ''),
    task: reader.string('task', owner.task),
    checks: [],
  }
  const onUpdate = reader.oneOf('on_update', onUpdateChoices, 'require_healthy')
  const checks = reader.blocks('check').map(check => decodeCheck(check, context, { name }, onUpdate))
  const restart = decodeCheckRestart(reader)
  reader.finish(serviceNames)
  return { ...service, checks: checks.map(check => ({ ...check, checkRestart: check.checkRestart ?? restart })) }
}

export const decodeServices = (reader: Reader, owner: ServiceOwner): readonly Service[] =>
  reader.blocks('service').map(block => decodeService(block, reader.context, owner))
