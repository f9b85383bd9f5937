import { parseVersionRange } from '../scheduler/feasibility/version.ts'
import type { Constraint } from './schema.ts'
import type { Path, Reports } from './spec-finding.ts'

const faultOf = ({ attribute, operator, value }: Constraint): string | null => {
  switch (operator) {
    case 'distinct_hosts':
      return null
    case 'distinct_property':
      if (attribute === '') return 'distinct_property needs a property of nodes.'
      return /^[1-9]\d{0,8}$/.test(value)
        ? null
        : `distinct_property takes a number of 1 or more, and this is "${value}".`
    case 'is_set':
    case 'is_not_set':
      if (attribute === '') return `${operator} needs an attribute.`
      return value === '' ? null : `${operator} takes no value, and this is "${value}".`
    case 'version':
    case 'semver':
      if (attribute === '') return `${operator} needs an attribute.`
      return !value.includes('${') && parseVersionRange(value, operator) === null
        ? `"${value}" is no range of versions, such as ">= 1.2, < 2".`
        : null
    case '=':
    case '!=':
    case '>':
    case '>=':
    case '<':
    case '<=':
    case 'regexp':
    case 'set_contains':
    case 'set_contains_all':
    case 'set_contains_any':
      if (attribute === '') return `"${operator}" needs an attribute, what to compare.`
      return value === '' ? `"${operator}" needs a value to compare with.` : null
  }
}

/** A constraint that no node could be compared with is a slip, not a wish. */
export const checkConstraints = ({ error }: Reports, constraints: readonly Constraint[], path: Path): void =>
  constraints.forEach((constraint, index) => {
    const fault = faultOf(constraint)
    if (fault !== null) error([...path, 'constraint', index], 'Invalid constraint', fault)
  })
