import type { Check } from './check.ts'
import { classConstraints, uniqueConstraints } from './constraint.ts'
import { distinctHosts } from './distinct-hosts.ts'
import { distinctProperty } from './distinct-property.ts'
import { drivers } from './driver.ts'
import { network } from './network.ts'
import { ports } from './ports.ts'
import { resources } from './resources.ts'

export {
  isInDatacenters,
  isInPool,
  isReady,
  refuseUnavailable,
} from './availability.ts'
export type { Candidate, Check } from './check.ts'
export { passes } from './check.ts'
export { propertyOn } from './distinct-property.ts'
export { assignPorts, isKeptBack } from './ports.ts'
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
