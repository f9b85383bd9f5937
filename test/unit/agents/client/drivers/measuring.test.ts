import type { ContainerStats } from 'dockerode'
import { describe, expect, it } from 'vitest'
import { measurementOf } from '../../../../../src/agents/client/drivers/docker/container-usage.ts'
import { groupRootAmong, parseGroupTimes } from '../../../../../src/agents/client/drivers/raw-exec/control-groups.ts'
import { parseSizes, parseTimes } from '../../../../../src/agents/client/drivers/raw-exec/process-usage.ts'
import { parseMounts } from '../../../../../src/platform/mounts.ts'

/** Answers of engines, cut to what is read. */
const cpu = {
  cpu_usage: { total_usage: 1_500_000_000, usage_in_usermode: 1_000_000_000, usage_in_kernelmode: 500_000_000 },
  throttling_data: { periods: 10, throttled_periods: 3, throttled_time: 20_000_000 },
}
const answer = (memory: object, changes: object = {}): ContainerStats =>
  ({ read: '2026-11-28T21:55:15.808211014Z', cpu_stats: cpu, memory_stats: memory, ...changes }) as ContainerStats

describe('the statistics of a container', () => {
  it("tell the resident set on the first version of the kernel's control groups", () => {
    const memory = { usage: 405_504, max_usage: 4_050_944, stats: { cache: 8_192, rss: 57_344, swap: 0 } }
    expect(measurementOf(answer(memory))).toEqual({
      atMs: Date.UTC(2026, 10, 28, 21, 55, 15, 808),
      cpuMs: 1_500,
      userMs: 1_000,
      systemMs: 500,
      throttledPeriods: 3,
      throttledMs: 20,
      memory: { rss: 57_344, cache: 8_192, swap: 0, usage: 405_504, maxUsage: 4_050_944 },
    })
  })

  it('tell the usage alone on the second', () => {
    const memory = { usage: 405_504, stats: { anon: 57_344, file: 8_192 } }
    expect(measurementOf(answer(memory))?.memory).toEqual({
      rss: null,
      cache: 8_192,
      swap: null,
      usage: 405_504,
      maxUsage: null,
    })
  })

  it('tell nothing of one that does not run', () => {
    expect(measurementOf(answer({}, { read: '0001-01-01T00:00:00Z' }))).toBeUndefined()
    expect(measurementOf(answer({}, { read: '' }))).toBeUndefined()
  })
})

describe('a process', () => {
  it('has used its own time and that of children it waited for', () => {
    const line = `12 (a) b) S ${Array.from({ length: 40 }, (_, index) => index + 4).join(' ')}`
    // Fields 14 to 17 of the line, in hundredths of a second.
    expect(parseTimes(line)).toEqual({ userMs: (14 + 16) * 10, systemMs: (15 + 17) * 10 })
    expect(parseTimes('')).toBeUndefined()
  })

  it('has the sizes of its status, and none once it has ended', () => {
    const text = 'Name:\tx\nVmPeak:\t 9000 kB\nVmRSS:\t    2000 kB\nVmSwap:\t  30 kB\n'
    expect(parseSizes(text)).toEqual({ rssBytes: 2_048_000, swapBytes: 30_720 })
    expect(parseSizes('Name:\tx\nState:\tZ (zombie)\n')).toEqual({ rssBytes: 0, swapBytes: 0 })
  })
})

describe('control groups', () => {
  const second = '40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw'
  const freezer = '33 30 0:30 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer'
  const memory = '32 30 0:29 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory'

  it('are made where the second version is mounted, else in the freezer of the first', () => {
    expect(groupRootAmong(parseMounts([memory, freezer, second].join('\n')))).toBe('/sys/fs/cgroup/unified')
    expect(groupRootAmong(parseMounts([memory, freezer].join('\n')))).toBe('/sys/fs/cgroup/freezer')
    expect(groupRootAmong(parseMounts(memory))).toBeUndefined()
    expect(groupRootAmong([])).toBeUndefined()
  })

  it('count the time of all that ever ran in them, where the kernel tells it', () => {
    const text = 'usage_usec 262809\nuser_usec 245289\nsystem_usec 17520\nnice_usec 0\n'
    expect(parseGroupTimes(text)).toEqual({ cpuMs: 262.809, userMs: 245.289, systemMs: 17.52 })
    expect(parseGroupTimes('')).toBeUndefined()
  })
})
