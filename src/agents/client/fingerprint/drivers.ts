import type { DriverState } from '../../../domain/node/events.ts'
import { type Clock, sleep } from '../../../platform/clock.ts'
import { messageOf } from '../../../platform/errors.ts'
import type { DriverFingerprint, TaskDriver } from '../drivers/driver.ts'

export type DriverFacts = {
  readonly attributes: Readonly<Record<string, string>>
  readonly drivers: Readonly<Record<string, DriverState>>
}

const failedLook = (error: unknown): DriverFingerprint => ({
  isDetected: false,
  isHealthy: false,
  message: messageOf(error),
  attributes: {},
})

/** Asks every driver; those that do not answer within `patienceMs` are left as they were in `before`. */
export const driverFacts = async (
  clock: Clock,
  drivers: readonly TaskDriver[],
  patienceMs: number,
): Promise<{
  readonly facts: ReadonlyMap<string, DriverFingerprint>
  readonly late: Promise<ReadonlyMap<string, DriverFingerprint>>
}> => {
  const found = new Map<string, DriverFingerprint>()
  const looks = drivers.map(async driver => {
    found.set(driver.name, await driver.fingerprint().catch(failedLook))
  })
  const all = Promise.all(looks).then(() => found)
  const patience = new AbortController()
  await Promise.race([all, sleep(clock, patienceMs, patience.signal)])
  patience.abort()
  return { facts: new Map(found), late: all }
}

/** What fingerprints of drivers mean for the node. A driver that is not detected gives no attributes. */
export const toDriverFacts = (found: ReadonlyMap<string, DriverFingerprint>): DriverFacts => {
  const attributes: Record<string, string> = {}
  const drivers: Record<string, DriverState> = {}
  for (const [name, { isDetected, isHealthy, message, ...rest }] of found) {
    drivers[name] = { isDetected, isHealthy, message }
    if (isDetected) Object.assign(attributes, { [`driver.${name}`]: '1' }, rest.attributes)
  }
  return { attributes, drivers }
}
