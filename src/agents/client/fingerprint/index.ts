import type { NodeFacts } from '../../../domain/node/events.ts'
import { type Cancel, type Clock } from '../../../platform/clock.ts'
import { messageOf } from '../../../platform/errors.ts'
import type { Logger } from '../../../platform/logger.ts'
import type { DriverFingerprint, TaskDriver } from '../drivers/driver.ts'
import { driverFacts, toDriverFacts } from './drivers.ts'
import type { Machine, MachineFacts } from './machine.ts'

export type NodeChanges = Partial<NodeFacts>

export type Fingerprinter = {
  /** Looks for the first time. Drivers that are slow to answer follow as changes. */
  readonly start: () => Promise<void>
  readonly facts: () => NodeFacts
  /** The facts for a greeting, which count as told. */
  readonly introduce: () => NodeFacts
  /** The greeting was answered: what changed since it was made, and could not be told yet, is. */
  readonly catchUp: () => void
  readonly address: () => string
  /**
   * A start asked for these of its ports and met `held` in a stranger's hands: those count as foreign, whatever
   * allocation they are given to, until they are let go. Looks at once.
   */
  readonly metPorts: (asked: readonly number[], held: readonly number[]) => Promise<void>
  readonly stop: () => void
}

export type FingerprinterOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly machine: Machine
  readonly drivers: readonly TaskDriver[]
  /** Ports that allocations of this node hold. */
  readonly ownPorts: () => ReadonlySet<number>
  /** Only what changed; whole values of the fields that did. Answers whether it could be told. */
  readonly onChange: (changes: NodeChanges) => boolean
}

/** A node is ready with its drivers known, but does not wait for a slow daemon. */
export const DRIVER_PATIENCE_MS = 1_000
const DRIVERS_EVERY_MS = 30_000
const PORTS_EVERY_MS = 10_000
const NO_LIMIT_MS = 60_000

/** The fields in which two fingerprints differ, with their new values. */
export const changesBetween = (before: NodeFacts, next: NodeFacts): NodeChanges => {
  const differs = (key: keyof NodeFacts): boolean => JSON.stringify(before[key]) !== JSON.stringify(next[key])
  return {
    ...(differs('attributes') ? { attributes: next.attributes } : {}),
    ...(differs('resources') ? { resources: next.resources } : {}),
    ...(differs('drivers') ? { drivers: next.drivers } : {}),
    ...(differs('foreignPorts') ? { foreignPorts: next.foreignPorts } : {}),
  }
}

const sorted = <T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))

export const createFingerprinter = (options: FingerprinterOptions): Fingerprinter => {
  const { clock, logger, machine, drivers } = options
  let base: MachineFacts | undefined
  let driverPrints = new Map<string, DriverFingerprint>()
  let foreignPorts: readonly number[] = []
  /** Ports of our own allocations that strangers were met on. */
  let met: ReadonlySet<number> = new Set()
  let told: NodeFacts | undefined
  let cancels: Cancel[] = []
  let isStopped = false

  const facts = (): NodeFacts => {
    if (base === undefined) throw new Error('the fingerprint was asked for before the first look')
    const ofDrivers = toDriverFacts(driverPrints)
    return {
      attributes: sorted({ ...base.attributes, ...ofDrivers.attributes }),
      resources: base.resources,
      drivers: sorted(ofDrivers.drivers),
      foreignPorts,
    }
  }

  const tell = (): void => {
    if (told === undefined || isStopped) return
    const next = facts()
    const changes = changesBetween(told, next)
    if (Object.keys(changes).length === 0 || options.onChange(changes)) told = next
  }

  const lookAtPorts = async (): Promise<void> => {
    const own = options.ownPorts()
    const listening = await machine.listeningPorts()
    met = new Set(listening.filter(port => met.has(port)))
    foreignPorts = listening.filter(port => met.has(port) || !own.has(port))
    tell()
  }

  const takeDrivers = (found: ReadonlyMap<string, DriverFingerprint>): void => {
    driverPrints = new Map([...driverPrints, ...found])
    tell()
  }

  const every = (ms: number, look: () => Promise<void>): void => {
    let cancel: Cancel = () => {}
    const again = (): void => {
      cancel = clock.after(ms, () => {
        look()
          .catch((error: unknown) => logger.warn({ error: messageOf(error) }, 'look at the machine failed'))
          .finally(() => {
            if (!isStopped) again()
          })
      })
    }
    again()
    cancels.push(() => cancel())
  }

  const start = async (): Promise<void> => {
    const [machineFacts, driversFound] = await Promise.all([
      machine.facts(),
      driverFacts(clock, drivers, DRIVER_PATIENCE_MS),
      lookAtPorts(),
    ])
    base = machineFacts
    for (const warning of machineFacts.warnings) logger.warn({ warning }, 'fingerprint is not complete')
    driverPrints = new Map(driversFound.facts)
    told = facts()
    void driversFound.late.then(takeDrivers)
    every(DRIVERS_EVERY_MS, async () => {
      const found = await driverFacts(clock, drivers, NO_LIMIT_MS)
      takeDrivers(found.facts)
    })
    every(PORTS_EVERY_MS, lookAtPorts)
  }

  return {
    start,
    facts,
    introduce: () => {
      told = facts()
      return told
    },
    catchUp: tell,
    address: () => base?.address ?? '127.0.0.1',
    metPorts: async (asked, held) => {
      const before = met
      met = new Set([...[...met].filter(port => !asked.includes(port)), ...held])
      if (before.size > 0 || held.length > 0) await lookAtPorts()
    },
    stop: () => {
      isStopped = true
      for (const cancel of cancels) cancel()
      cancels = []
    },
  }
}
