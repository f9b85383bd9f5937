import type { Field } from '../../src/lang/hcl/index.ts'
import { jobVocabulary } from './job-vocabulary.ts'
import { fallbackOf, renderBlock } from './reference-tables.ts'

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

const defaultOf = (path: string, service: Field, batch: Field | undefined): string => {
  const said = spoken[`${path} ${service.name}`]
  if (said !== undefined) return said
  const [one, other] = [fallbackOf(service), batch === undefined ? '' : fallbackOf(batch)]
  return one === other ? one : `${one}, batch: ${other}`
}

/** A table for each block, as Markdown: made of the names that the code asks for, so it cannot say anything else. */
export const renderJobReference = (): string => {
  const batches = new Map(jobVocabulary('batch').map(block => [block.path, block]))
  const sections = jobVocabulary('service')
    .filter(({ path }) => !repeats.test(path))
    .map(block => {
      const batch = batches.get(block.path)?.fields
      return renderBlock(block, field =>
        defaultOf(
          block.path,
          field,
          batch?.find(({ name }) => name === field.name),
        ),
      )
    })
  return sections.join('\n\n')
}
