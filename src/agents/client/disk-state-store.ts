import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError, messageOf, systemCodeOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import { writeAtomically } from './atomic-file.ts'
import {
  type AllocationProgress,
  type Checkpoint,
  type HeldAllocation,
  type LoadedState,
  type NodeIdentity,
  noCheckpoint,
  noReport,
  type ReportState,
  type StateStore,
} from './state-store.ts'

const PRIVATE_DIRECTORY = 0o700

/** Allocation ids become names of directories, so nothing else gets in. */
const isAllocationId = (name: string): boolean => /^[0-9a-f-]{36}$/.test(name)

/** Saves of one file one after the other; of those that wait only the newest is written, and all of them resolve with it. */
const createSlot = (write: (content: string) => Promise<void>): ((content: string) => Promise<void>) => {
  let current: Promise<void> = Promise.resolve()
  let waiting: Promise<void> | undefined
  let newest = ''
  return content => {
    newest = content
    waiting ??= current
      .catch(() => {})
      .then(() => {
        waiting = undefined
        current = write(newest)
        return current
      })
    return waiting
  }
}

const unusable = (path: string, error: unknown): AppError =>
  new AppError('DATA_DIR_UNUSABLE', `could not write the agent's state to ${path}: ${messageOf(error)}`, {
    hint: 'Check that the directory exists, belongs to the agent, and that its disk has room.',
    cause: error,
  })

/** State under `root`, readable by its owner only: it holds the node's secret and values of jobs in clear. */
export const createDiskStateStore = (root: string, logger: Logger): StateStore => {
  const allocationsDir = join(root, 'allocations')
  const slots = new Map<string, (content: string) => Promise<void>>()
  const ready = mkdir(allocationsDir, { recursive: true, mode: PRIVATE_DIRECTORY })

  const save = async (path: string, value: object): Promise<void> => {
    let slot = slots.get(path)
    if (slot === undefined) {
      slot = createSlot(content => writeAtomically(path, content))
      slots.set(path, slot)
    }
    try {
      await ready
      await slot(JSON.stringify(value))
    } catch (error) {
      throw unusable(path, error)
    }
  }

  /** A file that is not there is null; one that cannot be understood is put aside and is null too. */
  const read = async <T>(path: string): Promise<T | null> => {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return null
      throw new AppError('DATA_DIR_UNUSABLE', `could not read the agent's state at ${path}: ${messageOf(error)}`, {
        hint: 'Check that the file belongs to the agent.',
        cause: error,
      })
    }
    try {
      return JSON.parse(text) as T
    } catch (error) {
      logger.error({ path, error: messageOf(error) }, 'state file is damaged and was put aside')
      await rename(path, `${path}.damaged`)
      return null
    }
  }

  const pathOf = (allocationId: string, file: string): string => join(allocationsDir, allocationId, file)

  const loadAllocation = async (id: string): Promise<LoadedState['allocations'][number][]> => {
    const held = await read<HeldAllocation>(pathOf(id, 'allocation.json'))
    return held === null ? [] : [{ held, progress: await read<AllocationProgress>(pathOf(id, 'progress.json')) }]
  }

  return {
    load: async () => {
      await ready
      const allocations: LoadedState['allocations'][number][] = []
      for (const id of await readdir(allocationsDir)) {
        if (isAllocationId(id)) allocations.push(...(await loadAllocation(id)))
      }
      return {
        identity: await read<NodeIdentity>(join(root, 'node.json')),
        checkpoint: (await read<Checkpoint>(join(root, 'checkpoint.json'))) ?? noCheckpoint,
        report: (await read<ReportState>(join(root, 'report.json'))) ?? noReport,
        allocations,
      }
    },
    saveIdentity: identity => save(join(root, 'node.json'), identity),
    saveCheckpoint: checkpoint => save(join(root, 'checkpoint.json'), checkpoint),
    saveReport: report => save(join(root, 'report.json'), report),
    saveAllocation: async held => {
      await mkdir(join(allocationsDir, held.allocationId), { recursive: true, mode: PRIVATE_DIRECTORY })
      await save(pathOf(held.allocationId, 'allocation.json'), held)
    },
    saveProgress: (allocationId, progress) => save(pathOf(allocationId, 'progress.json'), progress),
    removeAllocation: async allocationId => {
      slots.delete(pathOf(allocationId, 'allocation.json'))
      slots.delete(pathOf(allocationId, 'progress.json'))
      await rm(join(allocationsDir, allocationId), { recursive: true, force: true })
    },
  }
}
