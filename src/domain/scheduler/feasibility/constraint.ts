import type { Constraint } from '../../jobspec/schema.ts'
import { type Candidate, type Check, passes } from './check.ts'
import { operatorTests } from './operators.ts'
import type { Refusal } from './refusal.ts'
import type { PlacementRequest, PreparedConstraint } from './request.ts'
import { parseTarget, resolveTarget, type Target } from './target.ts'

/** As users see it: `${attr.kernel.name} = linux`. */
export const constraintText = ({ attribute, operator, value }: Constraint): string =>
  [attribute, operator, value].filter(part => part !== '').join(' ')

const isUnique = (target: Target): boolean => target.kind === 'node' && target.isUnique

export const prepareConstraint = (constraint: Constraint): PreparedConstraint => {
  const left = parseTarget(constraint.attribute)
  const right = parseTarget(constraint.value)
  const test = operatorTests[constraint.operator]()
  const isResolvable = left.kind !== 'unresolvable' && right.kind !== 'unresolvable'
  const reason = constraintText(constraint)
  const needs = isResolvable
    ? `a node where ${reason}`
    : `another constraint than ${reason}, which names nothing that a node has`
  return {
    isUnique: isUnique(left) || isUnique(right),
    isMetBy: node => isResolvable && test(resolveTarget(left, node), resolveTarget(right, node)),
    refusals: [{ check: 'constraint', kind: 'filtered', reason, needs: () => needs }],
  }
}

const refuse = (constraints: readonly PreparedConstraint[], { node }: Candidate): readonly Refusal[] => {
  const refused = constraints.filter(constraint => !constraint.isMetBy(node))
  return refused.length === 0 ? passes : refused.flatMap(constraint => constraint.refusals)
}

const hasAny = (list: (request: PlacementRequest) => readonly PreparedConstraint[]) => (request: PlacementRequest) =>
  list(request).length > 0

export const classConstraints: Check = {
  name: 'constraint',
  scope: 'class',
  applies: hasAny(request => request.classConstraints),
  refuse: (request, candidate) => refuse(request.classConstraints, candidate),
}

export const uniqueConstraints: Check = {
  name: 'constraint',
  scope: 'node',
  applies: hasAny(request => request.uniqueConstraints),
  refuse: (request, candidate) => refuse(request.uniqueConstraints, candidate),
}
