import type { Candidate, Check } from './check.ts'
import { classConstraints, uniqueConstraints } from './constraint.ts'
import { distinctHosts } from './distinct-hosts.ts'
import { distinctProperty } from './distinct-property.ts'
import { drivers } from './driver.ts'
import { network } from './network.ts'
import { ports } from './ports.ts'
import type { Refusal } from './refusal.ts'
import type { PlacementRequest } from './request.ts'
import { resources } from './resources.ts'

export {
  isInDatacenters,
  isInPool,
  isReady,
  matchesGlob,
  refuseUnavailable,
} from './availability.ts'
export type { Candidate, Check } from './check.ts'
export { passes } from './check.ts'
export { constraintText } from './constraint.ts'
export { propertyOn } from './distinct-property.ts'
export { assignPorts, holderOf, isKeptBack } from './ports.ts'
export { prepareRequest } from './prepare-request.ts'
export type { Refusal, RefusalKind } from './refusal.ts'
export type { Demand, PlacementRequest } from './request.ts'

/** All checks in the order in which they are asked; the first refusal is the one that is counted. */
export const checks: readonly Check[] = [
  drivers,
  classConstraints,
  network,
  uniqueConstraints,
  distinctHosts,
  distinctProperty,
  ports,
  resources,
]

/** Every reason against a candidate, in the order of the checks. */
export const refuseAll = (request: PlacementRequest, candidate: Candidate): readonly Refusal[] =>
  checks.filter(check => check.applies(request)).flatMap(check => check.refuse(request, candidate))
