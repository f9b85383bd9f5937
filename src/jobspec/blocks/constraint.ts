import { type Constraint, type ConstraintOperator, constraintOperators } from '../../domain/jobspec/schema.ts'
import { type Block, createReader, type DecodeContext, hasErrors, type Reader } from '../../lang/hcl/index.ts'

const aliases: Readonly<Record<string, ConstraintOperator>> = { '==': '=', is: '=', not: '!=' }

/** Attributes that say operator and value at once: `version = ">= 1.2"`. */
const shorthands = [
  'version',
  'semver',
  'regexp',
  'set_contains',
  'set_contains_all',
  'set_contains_any',
  'distinct_property',
] as const

const operatorOf = (reader: Reader): ConstraintOperator => {
  const written = reader.string('operator', '=')
  const operator = aliases[written] ?? constraintOperators.find(candidate => candidate === written)
  if (operator !== undefined) return operator
  reader.report({
    summary: 'Unsupported operator',
    detail: `"${written}" is no operator; they are ${constraintOperators.join(', ')}.`,
    range: reader.rangeOf('operator'),
  })
  return '='
}

const shorthandOf = (reader: Reader): Constraint | null => {
  const attribute = reader.string('attribute', '')
  for (const operator of shorthands) {
    const value = reader.string(operator, null)
    if (value === null) continue
    return operator === 'distinct_property'
      ? { attribute: value, operator, value: reader.string('value', '') || '1' }
      : { attribute, operator, value }
  }
  for (const operator of ['is_set', 'is_not_set'] as const) {
    const value = reader.string(operator, null)
    if (value !== null) return { attribute: value === 'true' ? attribute : value, operator, value: '' }
  }
  const isDistinct = reader.bool('distinct_hosts', null)
  if (isDistinct === null) return null
  return isDistinct
    ? { attribute: '', operator: 'distinct_hosts', value: 'true' }
    : { attribute: '', operator: 'distinct_hosts', value: 'false' }
}

const decodeConstraint = (block: Block, context: DecodeContext): Constraint => {
  const reader = createReader(block.body, context)
  const shorthand = shorthandOf(reader)
  const operator = operatorOf(reader)
  const written = reader.string('value', '')
  const value = written === '' && operator === 'distinct_property' ? '1' : written
  reader.finish()
  return shorthand ?? { attribute: reader.string('attribute', ''), operator, value }
}

/** All `constraint` blocks of a body, without those that are switched off and those in which a fault was found. */
export const decodeConstraints = (reader: Reader): readonly Constraint[] =>
  reader.blocks('constraint').flatMap(block => {
    const before = reader.context.diagnostics.length
    const constraint = decodeConstraint(block, reader.context)
    if (hasErrors(reader.context.diagnostics.slice(before))) return []
    return constraint.operator === 'distinct_hosts' && constraint.value === 'false' ? [] : [constraint]
  })
