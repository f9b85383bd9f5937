import type { NodeState } from '../../cluster/index.ts'
import { type Check, passes } from './check.ts'
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

/** Many nodes are refused alike: one refusal is kept for each value, until more sit there. */
const refusalOf = (
  property: DistinctProperty,
  value: string | undefined,
  used: number,
  known: Map<string, { readonly used: number; readonly refusal: Refusal }>,
): Refusal => {
  const { text, limit, scope } = property
  const key = `${scope} ${text} ${value === undefined ? '' : `=${value}`}`
  const entry = known.get(key)
  if (entry !== undefined && entry.used === used) return entry.refusal
  const made =
    value === undefined
      ? refusal(`${text} is missing`, `a node that has ${text}`)
      : refusal(`${text}=${value} used by ${used}`, `a node with another ${text} (at most ${limit} each)`)
  known.set(key, { used, refusal: made })
  return made
}

export const distinctProperty: Check = {
  name: 'distinct_property',
  scope: 'node',
  applies: request => request.distinctProperties.length > 0,
  refuse: (request, candidate) => {
    const refused: Refusal[] = []
    for (const [index, property] of request.distinctProperties.entries()) {
      const value = propertyOn(property, candidate.node)
      const used = value === undefined ? 0 : candidate.propertyUse(index, value)
      if (value !== undefined && used < property.limit) continue
      refused.push(refusalOf(property, value, used, request.propertyRefusals))
    }
    return refused.length === 0 ? passes : refused
  },
}
