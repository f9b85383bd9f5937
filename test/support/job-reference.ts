import { formatGoDuration } from '../../src/lang/goflags/index.ts'
import type { Field } from '../../src/lang/hcl/index.ts'
import { type BlockVocabulary, jobVocabulary } from './job-vocabulary.ts'

/** Blocks that hold the same names as one that is shown: their paths end like these. */
const repeats =
  /^job group (?:constraint|update|reschedule|task constraint|task service.*|task restart|service check check_restart)$/

/** Defaults that the code does not have as one value. */
const spoken: Readonly<Record<string, string>> = {
  'job id': 'the label',
  'job name': 'the label',
  'job group count': '1, or the `min` of `scaling`',
  'job group restart render_templates': '`false`; `true` has no effect yet, and is warned of',
  'job group service name': '`<job>-<group>`, of a task `<job>-<group>-<task>`',
  'job group service task': 'the task that it stands in',
  'job group service provider': '`"consul"`, which is refused: write `"nomad"`',
  'job group service check type': 'required: `http` or `tcp`',
  'job group service check name': '`service: "<name>" check`',
  'job group service check interval': 'required, `1s` or more',
  'job group service check timeout': 'required, `1s` or more',
  'job group service check path': 'required for `http`',
  'job group service check port': "the service's",
  'job group service check on_update': "the service's",
  'job group task driver': 'required',
  'job group task lifecycle hook': 'required',
  'job group task template destination': 'required',
  'job group task template data': 'this or `source` is required',
  'job group task template source': 'this or `data` is required',
  'job group task template change_signal': '`"SIGHUP"` with `change_mode = "signal"`',
  'job group task logs disabled': 'the opposite of `enabled`',
  'job datacenters': '`["*"]`',
  'job periodic cron': 'this or `crons` is required',
  'job periodic crons': 'this or `cron` is required',
}

const kindOf = ({ form, choices }: Field): string => {
  switch (form) {
    case 'choice':
      return choices.map(choice => `\`${choice}\``).join(', ')
    case 'integer':
      return 'whole number'
    case 'list':
      return 'list of strings'
    case 'map':
      return 'map of strings, as argument or block'
    case 'any':
      return 'map of lists of strings, as argument or block'
    case 'string':
    case 'bool':
    case 'duration':
    case 'block':
      return form
  }
}

const valueOf = ({ form, fallback }: Field): string => {
  if (fallback === null || fallback === '') return ''
  if (form === 'duration' && typeof fallback === 'number') return `\`${formatGoDuration(fallback)}\``
  return `\`${JSON.stringify(fallback)}\``
}

const defaultOf = (path: string, service: Field, batch: Field | undefined): string => {
  const said = spoken[`${path} ${service.name}`]
  if (said !== undefined) return said
  const [one, other] = [valueOf(service), batch === undefined ? '' : valueOf(batch)]
  return one === other ? one : `${one}, batch: ${other}`
}

const rowsOf = (block: BlockVocabulary, batch: BlockVocabulary | undefined): readonly string[] => {
  const { path, fields, known } = block
  const acted = fields.map(field => {
    const other = batch?.fields.find(({ name }) => name === field.name)
    return `| \`${field.name}\` | ${kindOf(field)} | ${defaultOf(path, field, other)} | acted on |`
  })
  const ignored = Object.entries(known.ignored ?? {}).map(
    ([name, why]) => `| \`${name}\` | | | with a warning: ${why} |`,
  )
  const refused = Object.entries(known.refused ?? {}).map(([name, why]) => `| \`${name}\` | | | refused: ${why} |`)
  return [...acted, ...ignored, ...refused]
}

/** A table for each block, as Markdown: made of the names that the code asks for, so it cannot say anything else. */
export const renderJobReference = (): string => {
  const batches = new Map(jobVocabulary('batch').map(block => [block.path, block]))
  const sections = jobVocabulary('service')
    .filter(({ path }) => !repeats.test(path))
    .map(block =>
      [
        `### \`${block.path.split(' ').join(' › ')}\``,
        '',
        '| name | type | default | what becomes of it |',
        '|---|---|---|---|',
        ...rowsOf(block, batches.get(block.path)),
      ].join('\n'),
    )
  return sections.join('\n\n')
}
