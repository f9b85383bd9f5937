import type { NodeState } from '../../cluster/index.ts'
import type { Port } from '../../jobspec/schema.ts'
import { MAX_DYNAMIC_PORT, MIN_DYNAMIC_PORT } from '../../limits.ts'
import type { PortRange } from '../../node/events.ts'
import { type Candidate, type Check, oneOf, passes } from './check.ts'
import type { Refusal } from './refusal.ts'

const USUAL_RANGE: PortRange = { min: MIN_DYNAMIC_PORT, max: MAX_DYNAMIC_PORT }

const rangeOf = ({ dynamicPorts }: NodeState): PortRange => dynamicPorts ?? USUAL_RANGE

const sizeOf = ({ min, max }: PortRange): number => max - min + 1

/** Who has a port of a node. `inheritsFrom`: the allocation that hands its ports over. */
export type PortHolder = 'free' | 'allocation' | 'plan' | 'reserved' | 'foreign'

export const holderOf = (candidate: Candidate, port: number): PortHolder => {
  const { node } = candidate
  if (node.reservedPorts.includes(port)) return 'reserved'
  if (node.foreignPorts.includes(port)) return 'foreign'
  const owner = node.usage.ports.get(port)
  if (owner !== undefined && owner !== candidate.inheritsFrom) return 'allocation'
  return candidate.takenPorts.has(port) ? 'plan' : 'free'
}

const collision = (label: string, port: number, why: string): Refusal => ({
  check: 'ports',
  kind: 'exhausted',
  reason: `network: reserved port collision ${label}=${port}`,
  needs: nodes => `port ${port} free on ${oneOf(nodes)}${why}`,
})

const causes: Readonly<Record<Exclude<PortHolder, 'free'>, string>> = {
  allocation: ', held by another allocation now',
  plan: ', given to another allocation just now',
  reserved: ', where the operator reserves it',
  foreign: ', held by a process that is not an allocation',
}

const tooFew = ({ min, max }: PortRange): Refusal => ({
  check: 'ports',
  kind: 'exhausted',
  reason: 'network: dynamic port selection failed',
  needs: nodes => `free ports between ${min} and ${max} on ${oneOf(nodes)}`,
})

/** Many nodes refuse alike: one refusal is made for each key and kept with the request. */
const shared = (cache: Map<string, Refusal>, key: string, make: () => Refusal): Refusal => {
  const known = cache.get(key)
  if (known !== undefined) return known
  const made = make()
  cache.set(key, made)
  return made
}

/** A quick bound: with this few ports in use the exact choice cannot fail. */
const mayLackDynamicPorts = (candidate: Candidate, wanted: number): boolean => {
  const { usage, reservedPorts, foreignPorts } = candidate.node
  const inUse = usage.ports.size + reservedPorts.length + foreignPorts.length + candidate.takenPorts.size
  return inUse + wanted > sizeOf(rangeOf(candidate.node))
}

const freeDynamicPorts = (candidate: Candidate, statics: readonly Port[]): number => {
  const { min, max } = rangeOf(candidate.node)
  let free = 0
  for (let port = min; port <= max; port++) {
    const isWanted = statics.some(wanted => wanted.static === port)
    if (!isWanted && holderOf(candidate, port) === 'free') free += 1
  }
  return free
}

export const ports: Check = {
  name: 'ports',
  scope: 'node',
  applies: request => request.ports.length > 0,
  refuse: (request, candidate) => {
    const refused: Refusal[] = []
    for (const port of request.staticPorts) {
      const holder = holderOf(candidate, port.static)
      if (holder === 'free') continue
      const make = () => collision(port.label, port.static, causes[holder])
      refused.push(shared(request.portRefusals, `${port.static} ${holder}`, make))
    }
    const wanted = request.ports.length - request.staticPorts.length
    if (
      wanted > 0 &&
      mayLackDynamicPorts(candidate, request.ports.length) &&
      freeDynamicPorts(candidate, request.staticPorts) < wanted
    ) {
      const range = rangeOf(candidate.node)
      refused.push(shared(request.portRefusals, `${range.min}-${range.max}`, () => tooFew(range)))
    }
    return refused.length === 0 ? passes : refused
  },
}

/** FNV-1a, 32 bits. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}

/**
 * The host ports of a row, in the order of the group's port list. Dynamic ones start from a place that `seed` decides and
 * go up to the next free port, round the range. Null where there are too few; the ports check has been passed before.
 */
export const assignPorts = (list: readonly Port[], candidate: Candidate, seed: string): readonly number[] | null => {
  const statics = new Set(list.filter(port => port.static > 0).map(port => port.static))
  const range = rangeOf(candidate.node)
  const size = sizeOf(range)
  let next = hashOf(seed) % size
  let tried = 0
  const chosen: number[] = []
  for (const port of list) {
    if (port.static > 0) {
      chosen.push(port.static)
      continue
    }
    let found = 0
    for (; found === 0 && tried < size; tried++, next = (next + 1) % size) {
      const probe = range.min + next
      if (!statics.has(probe) && holderOf(candidate, probe) === 'free') found = probe
    }
    if (found === 0) return null
    chosen.push(found)
  }
  return chosen
}

/** True where the node itself keeps the port from every allocation. */
export const isKeptBack = (node: NodeState, port: number): boolean =>
  node.reservedPorts.includes(port) || node.foreignPorts.includes(port)
