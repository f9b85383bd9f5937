import type { ContainerStats } from 'dockerode'
import type { TaskMeasurement, TaskMemory } from '../driver.ts'
import { type DockerApi, isRefusal, QUERY_TIMEOUT_MS } from './docker-api.ts'

/** What the engine's statistics say of a container, as Nomad reads them. */

const NS_PER_MS = 1_000_000
/** The `read` of a container that does not run. */
const NEVER = '0001-01-01T00:00:00Z'

const known = (value: number | undefined): number | null => value ?? null

const milliseconds = (ns: number | undefined): number | null => (ns === undefined ? null : ns / NS_PER_MS)

/**
 * The kernel's first version of control groups tells the resident set; the second one does not, and calls the cache
 * `file`: there only the usage is known.
 */
const memoryOf = ({ usage, max_usage: maxUsage, stats }: ContainerStats['memory_stats']): TaskMemory => {
  const byName: Readonly<Record<string, number | undefined>> = Object.fromEntries(Object.entries(stats ?? {}))
  return {
    rss: known(byName['rss']),
    cache: known(byName['cache'] ?? byName['file']),
    swap: known(byName['swap']),
    usage: known(usage),
    maxUsage: known(maxUsage),
  }
}

/** Pure. Undefined for the answer about a container that does not run. */
export const measurementOf = (stats: ContainerStats): TaskMeasurement | undefined => {
  const atMs = Date.parse(stats.read)
  if (stats.read === NEVER || Number.isNaN(atMs)) return undefined
  const { cpu_usage: used, throttling_data: throttling } = stats.cpu_stats
  return {
    atMs,
    cpuMs: used.total_usage / NS_PER_MS,
    userMs: milliseconds(used.usage_in_usermode),
    systemMs: milliseconds(used.usage_in_kernelmode),
    throttledPeriods: known(throttling?.throttled_periods),
    throttledMs: milliseconds(throttling?.throttled_time),
    memory: memoryOf(stats.memory_stats),
  }
}

/** See UsageAbility.measure. One look without the engine's own second one, which would take it a second. */
export const measureContainer = async (api: DockerApi, id: string): Promise<TaskMeasurement | undefined> => {
  try {
    const stats = await api.call(`measure container ${id}`, QUERY_TIMEOUT_MS, abortSignal => {
      const options = { stream: false, 'one-shot': true, abortSignal } as const
      return api.docker.getContainer(id).stats(options)
    })
    return measurementOf(stats)
  } catch (error) {
    if (isRefusal(error, 404)) return undefined
    throw error
  }
}
