import { formatGoDuration } from '../../src/lang/goflags/index.ts'
import type { Field, KnownNames } from '../../src/lang/hcl/index.ts'

export type BlockVocabulary = {
  /** The types of the blocks around it and its own: `job`, `job group`, `job group task`. */
  readonly path: string
  readonly fields: readonly Field[]
  readonly known: KnownNames
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

/** A default as it is written in a file; empty where there is none. */
export const fallbackOf = ({ form, fallback }: Field): string => {
  if (fallback === null || fallback === '') return ''
  if (form === 'duration' && typeof fallback === 'number') return `\`${formatGoDuration(fallback)}\``
  return `\`${JSON.stringify(fallback)}\``
}

/** A block's names as a table: what they hold, what stands for them when they are not written, what becomes of them. */
export const renderBlock = ({ path, fields, known }: BlockVocabulary, defaultOf: (field: Field) => string): string => {
  const acted = fields.map(field => `| \`${field.name}\` | ${kindOf(field)} | ${defaultOf(field)} | acted on |`)
  const ignored = Object.entries(known.ignored ?? {}).map(
    ([name, why]) => `| \`${name}\` | | | with a warning: ${why} |`,
  )
  const refused = Object.entries(known.refused ?? {}).map(([name, why]) => `| \`${name}\` | | | refused: ${why} |`)
  return [
    `### \`${path.split(' ').join(' › ')}\``,
    '',
    '| name | type | default | what becomes of it |',
    '|---|---|---|---|',
    ...acted,
    ...ignored,
    ...refused,
  ].join('\n')
}
