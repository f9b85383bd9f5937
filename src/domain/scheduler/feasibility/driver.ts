import { type Check, passes } from './check.ts'
import type { Refusal } from './refusal.ts'

/** What users see counted, whichever driver it is; the sentence names it. */
const REASON = 'missing drivers'

export const driverRefusal = (driver: string): Refusal => ({
  check: 'driver',
  kind: 'filtered',
  reason: REASON,
  needs: () => `a node with driver ${driver}`,
})

export const drivers: Check = {
  name: 'driver',
  scope: 'class',
  applies: () => true,
  refuse: ({ drivers: wanted }, { node }) => {
    const missing = wanted.filter(({ name }) => {
      const driver = Object.hasOwn(node.drivers, name) ? node.drivers[name] : undefined
      return driver === undefined || !driver.isDetected || !driver.isHealthy
    })
    return missing.length === 0 ? passes : missing.map(({ refusal }) => refusal)
  },
}
