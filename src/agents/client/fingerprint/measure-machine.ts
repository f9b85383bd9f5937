import { readFile, statfs } from 'node:fs/promises'
import { cpus, uptime } from 'node:os'
import { isWithin, type Mount, readMounts } from '../../../platform/mounts.ts'
import type { DiskUsage, MemoryUsage } from '../../../protocol/usage.ts'
import { existingDirectory } from './disk.ts'
import type { CoreTimes, MachineMeasurement } from './machine.ts'

const BYTES_PER_KB = 1_024
const PERCENT = 100

/** Linux's /proc/meminfo. What caches hold does not count as used: it is given back when it is needed. */
export const parseMemory = (text: string): MemoryUsage => {
  const bytesOf = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * BYTES_PER_KB
  const [total, free, available] = [bytesOf('MemTotal'), bytesOf('MemFree'), bytesOf('MemAvailable')]
  return {
    totalBytes: total,
    availableBytes: available,
    usedBytes: total - free - bytesOf('Buffers') - bytesOf('Cached'),
    freeBytes: free,
  }
}

type Place = Pick<Mount, 'device' | 'mountPoint'>

/** Where a path lies: the longest mount point above it, the last one where several are there. */
export const placeOfPath = (mounts: readonly Mount[], path: string): Place => {
  let found: Place = { device: '', mountPoint: '/' }
  for (const { device, mountPoint } of mounts) {
    if (isWithin(path, mountPoint) && mountPoint.length >= found.mountPoint.length) found = { device, mountPoint }
  }
  return found
}

const measureDisk = async (directory: string): Promise<DiskUsage> => {
  const path = await existingDirectory(directory)
  const [found, mounts] = await Promise.all([statfs(path), readMounts()])
  const used = found.blocks - found.bfree
  return {
    ...placeOfPath(mounts, path),
    sizeBytes: found.blocks * found.bsize,
    usedBytes: used * found.bsize,
    availableBytes: found.bavail * found.bsize,
    // Of what this user may fill, as df says it.
    usedPercent: (used / Math.max(1, used + found.bavail)) * PERCENT,
    inodesUsedPercent: ((found.files - found.ffree) / Math.max(1, found.files)) * PERCENT,
  }
}

const coreTimes = (): readonly CoreTimes[] =>
  cpus().map(({ times }, index) => ({
    name: `cpu${index}`,
    userMs: times.user + times.nice,
    systemMs: times.sys + times.irq,
    idleMs: times.idle,
  }))

/** `directory`: what is on its disk counts. */
export const measureMachine = async (directory: string): Promise<MachineMeasurement> => ({
  cores: coreTimes(),
  memory: parseMemory(await readFile('/proc/meminfo', 'utf8').catch(() => '')),
  disk: await measureDisk(directory),
  uptimeSeconds: Math.floor(uptime()),
})
