import type { Port } from '../../jobspec/schema.ts'
import { type Check, passes } from './check.ts'
import type { Refusal } from './refusal.ts'

/** Ports are published on a node's one address: there are no other host networks yet. */
const isKnown = (network: string): boolean => network === '' || network === 'default'

export const networkRefusals = (ports: readonly Port[]): readonly Refusal[] =>
  ports
    .filter(port => !isKnown(port.hostNetwork))
    .map(port => ({
      check: 'network',
      kind: 'filtered',
      reason: `missing host network "${port.hostNetwork}" for port "${port.label}"`,
      needs: () => `a node with host network "${port.hostNetwork}"`,
    }))

export const network: Check = {
  name: 'network',
  scope: 'class',
  applies: request => request.networkRefusals.length > 0,
  refuse: request => (request.networkRefusals.length > 0 ? request.networkRefusals : passes),
}
