import type { NodeState } from '../../cluster/index.ts'
import { type Candidate, type Check, passes } from './check.ts'
import type { Refusal } from './refusal.ts'
import type { DistinctProperty } from './request.ts'
import { resolveTarget } from './target.ts'

const refusal = (reason: string, needs: string): Refusal => ({
  check: 'distinct_property',
  kind: 'filtered',
  reason: `distinct_property: ${reason}`,
  needs: () => needs,
})

/** The node's value of the property; undefined where it has none or the property cannot be resolved. */
export const propertyOn = (property: DistinctProperty, node: NodeState): string | undefined =>
  property.target.kind === 'literal' ? undefined : resolveTarget(property.target, node)

const refuseOne = (property: DistinctProperty, index: number, candidate: Candidate): Refusal | null => {
  const value = propertyOn(property, candidate.node)
  const { text, limit } = property
  if (value === undefined) return refusal(`${text} is missing`, `a node that has ${text}`)
  const used = candidate.propertyUse(index, value)
  if (used < limit) return null
  return refusal(`${text}=${value} used by ${used}`, `a node with another ${text} (at most ${limit} each)`)
}

export const distinctProperty: Check = {
  name: 'distinct_property',
  scope: 'node',
  applies: request => request.distinctProperties.length > 0,
  refuse: (request, candidate) => {
    const refused = request.distinctProperties
      .map((property, index) => refuseOne(property, index, candidate))
      .filter(entry => entry !== null)
    return refused.length === 0 ? passes : refused
  },
}
