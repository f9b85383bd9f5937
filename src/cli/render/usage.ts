import type { HostUsage, TaskUsage } from '../queries/usage.ts'
import { renderKeyValues, renderTable } from './columns.ts'
import { fileSize } from './file-size.ts'

/** What tasks and machines use, in Nomad's tables. */

const NS_PER_MS = 1_000_000
const DECIMALS = 2

const percent = (value: number): string => `${Number(value.toFixed(DECIMALS))}%`

/** `3/100 MHz`: used of what is held. */
export const usedMhz = (used: number, ofMhz: number): string => `${Math.floor(used)}/${ofMhz} MHz`

type Column = readonly [name: string, value: number | null, show: (value: number) => string]

/** A table of one row, with the columns whose value is known; nothing without any. */
const oneRow = (title: string, columns: readonly Column[]): readonly string[] => {
  const known = columns.flatMap(([name, value, show]) => (value === null ? [] : [[name, show(value)] as const]))
  if (known.length === 0) return []
  return [title, ...renderTable([known.map(([name]) => name), known.map(([, value]) => value)]), '']
}

/** Everything that is known of a task's use. */
export const renderTaskUsage = (usage: TaskUsage): readonly string[] => [
  ...oneRow('Memory Stats', [
    ['Cache', usage.cacheBytes, fileSize],
    ['Max Usage', usage.maxUsageBytes, fileSize],
    ['RSS', usage.rssBytes, fileSize],
    ['Swap', usage.swapBytes, fileSize],
    ['Usage', usage.usageBytes, fileSize],
  ]),
  ...oneRow('CPU Stats', [
    ['Percent', usage.cpuPercent, percent],
    ['System Mode', usage.systemPercent, percent],
    ['Throttled Periods', usage.throttledPeriods, String],
    ['Throttled Time', usage.throttledMs, ms => String(Math.round(ms * NS_PER_MS))],
    ['User Mode', usage.userPercent, percent],
  ]),
]

/** Everything that is known of a machine's use. */
export const renderHostUsage = ({ cores, memory, disk }: HostUsage): readonly string[] => [
  '',
  'CPU Stats',
  ...cores.flatMap(({ name, userPercent, systemPercent, idlePercent }, index) => [
    ...(index === 0 ? [] : ['']),
    ...renderKeyValues([
      ['CPU', name],
      ['User', percent(userPercent)],
      ['System', percent(systemPercent)],
      ['Idle', percent(idlePercent)],
    ]),
  ]),
  '',
  'Memory Stats',
  ...renderKeyValues([
    ['Total', fileSize(memory.totalBytes)],
    ['Available', fileSize(memory.availableBytes)],
    ['Used', fileSize(memory.usedBytes)],
    ['Free', fileSize(memory.freeBytes)],
  ]),
  '',
  'Disk Stats',
  ...renderKeyValues([
    ['Device', disk.device],
    ['MountPoint', disk.mountPoint],
    ['Size', fileSize(disk.sizeBytes)],
    ['Used', fileSize(disk.usedBytes)],
    ['Available', fileSize(disk.availableBytes)],
    ['Used Percent', percent(disk.usedPercent)],
    ['Inodes Percent', percent(disk.inodesUsedPercent)],
  ]),
]
