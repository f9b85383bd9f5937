import { type Check, passes } from './check.ts'
import type { Refusal } from './refusal.ts'

const refusals: readonly Refusal[] = [
  {
    check: 'distinct_hosts',
    kind: 'filtered',
    reason: 'distinct_hosts',
    needs: nodes => `a node beside the ${nodes} that hold one already (distinct_hosts)`,
  },
]

export const distinctHosts: Check = {
  name: 'distinct_hosts',
  scope: 'node',
  applies: request => request.distinctHosts !== 'none',
  refuse: (request, candidate) => {
    const held = request.distinctHosts === 'job' ? candidate.ofJob : candidate.ofGroup
    return held > 0 ? refusals : passes
  },
}
