import type { CoreUsage, HostUsage, TaskUsage } from '../../../protocol/usage.ts'
import type { TaskMeasurement } from '../drivers/driver.ts'
import type { MachineMeasurement } from '../fingerprint/machine.ts'
import type { Span } from './spans.ts'

/** From two readings to what people are shown. Pure. */

/** What a core offers, and when it was asked. */
export type Basis = { readonly coreMhz: number; readonly takenAt: number }

const PERCENT = 100

/** Of one core. A counter that went back (a child was lost to its parent) counts as nothing. */
const percentOf = (usedMs: number, spanMs: number): number => Math.max(0, (usedMs / spanMs) * PERCENT)

const sharedPercent = (before: number | null, after: number | null, spanMs: number): number | null =>
  before === null || after === null ? null : percentOf(after - before, spanMs)

/** Undefined where no time has passed between the readings, by their own clock. */
export const taskUsageBetween = (
  { before, after }: Span<TaskMeasurement>,
  { coreMhz, takenAt }: Basis,
): TaskUsage | undefined => {
  const spanMs = after.atMs - before.atMs
  if (spanMs <= 0) return undefined
  const cpuPercent = percentOf(after.cpuMs - before.cpuMs, spanMs)
  const { rss, cache, swap, usage, maxUsage } = after.memory
  return {
    takenAt,
    cpuPercent,
    cpuMhz: (cpuPercent / PERCENT) * coreMhz,
    userPercent: sharedPercent(before.userMs, after.userMs, spanMs),
    systemPercent: sharedPercent(before.systemMs, after.systemMs, spanMs),
    throttledPeriods: after.throttledPeriods,
    throttledMs: after.throttledMs,
    memoryBytes: rss ?? usage ?? 0,
    rssBytes: rss,
    cacheBytes: cache,
    swapBytes: swap,
    usageBytes: usage,
    maxUsageBytes: maxUsage,
  }
}

/** A core whose clock stood still between the readings counts as idle. */
const coresBetween = ({ before, after }: Span<MachineMeasurement>): readonly CoreUsage[] =>
  after.cores.map((core, index) => {
    const earlier = before.cores[index] ?? core
    const userMs = core.userMs - earlier.userMs
    const systemMs = core.systemMs - earlier.systemMs
    const idleMs = core.idleMs - earlier.idleMs
    const allMs = userMs + systemMs + idleMs
    return {
      name: core.name,
      userPercent: allMs <= 0 ? 0 : percentOf(userMs, allMs),
      systemPercent: allMs <= 0 ? 0 : percentOf(systemMs, allMs),
      idlePercent: allMs <= 0 ? PERCENT : percentOf(idleMs, allMs),
    }
  })

export const hostUsageBetween = (span: Span<MachineMeasurement>, { coreMhz, takenAt }: Basis): HostUsage => {
  const cores = coresBetween(span)
  const busyPercent = cores.reduce((sum, core) => sum + core.userPercent + core.systemPercent, 0)
  const { memory, disk, uptimeSeconds } = span.after
  return { takenAt, cpuMhz: (busyPercent / PERCENT) * coreMhz, cores, memory, disk, uptimeSeconds }
}
