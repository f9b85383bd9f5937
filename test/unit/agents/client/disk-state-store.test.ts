import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createDiskStateStore } from '../../../../src/agents/client/disk-state-store.ts'
import type { AllocationProgress, HeldAllocation } from '../../../../src/agents/client/state-store.ts'
import { newRecord } from '../../../../src/agents/client/task-record.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { buildDesired, mockTask } from '../../../support/agent-bench.ts'
import { buildJob } from '../../../support/builders.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-state-'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

const open = () => createDiskStateStore(join(root, 'state'), silentLogger)
const desired = buildDesired(1, { tasks: [mockTask('web', {})] }, { clear: { d: 'secret' } })
const held: HeldAllocation = { ...desired, job: desired.job ?? buildJob() }

const progress = (lastEvent: number): AllocationProgress => ({
  records: [
    { ...newRecord('web'), phase: { kind: 'running', handle: { driver: 'mock', id: 'x', state: { pid: 7 } } } },
  ],
  events: [],
  lastEvent,
  stopSince: null,
  health: null,
  terminalAt: null,
})

describe('the state of an agent on disk', () => {
  it('is empty at first', async () => {
    expect(await open().load()).toEqual({
      identity: null,
      checkpoint: { position: -1, doneRequests: [] },
      report: { sequence: 0, report: null, reportedEvents: {} },
      allocations: [],
    })
  })

  it('is found again as it was saved', async () => {
    const store = open()
    const identity = { nodeId: 'n', secret: 's', bootId: 'b', machineBoot: 'm' }
    await store.saveIdentity(identity)
    await store.saveAllocation(held)
    await store.saveProgress(held.allocationId, progress(3))
    await store.saveCheckpoint({ position: 12, doneRequests: ['r'] })
    const loaded = await open().load()
    expect(loaded).toMatchObject({ identity, checkpoint: { position: 12 } })
    expect(loaded.allocations).toEqual([{ held, progress: progress(3) }])
    await store.removeAllocation(held.allocationId)
    expect((await open().load()).allocations).toEqual([])
  })

  it('keeps the newest of many saves that come at once, and each of them waits for it', async () => {
    const store = open()
    await store.saveAllocation(held)
    await Promise.all(Array.from({ length: 50 }, (_, index) => store.saveProgress(held.allocationId, progress(index))))
    expect((await open().load()).allocations[0]?.progress?.lastEvent).toBe(49)
  })

  it('can be read by its owner only', async () => {
    const store = open()
    await store.saveAllocation(held)
    const directory = join(root, 'state', 'allocations', held.allocationId)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect((await stat(join(directory, 'allocation.json'))).mode & 0o777).toBe(0o600)
  })

  it('puts a damaged file aside and goes on with the others', async () => {
    const store = open()
    await store.saveAllocation(held)
    await store.saveCheckpoint({ position: 5, doneRequests: [] })
    await writeFile(join(root, 'state', 'report.json'), '{"sequence": 1')
    await writeFile(join(root, 'state', 'allocations', held.allocationId, 'progress.json'), '')
    const loaded = await open().load()
    expect(loaded.report.sequence).toBe(0)
    expect(loaded.allocations).toEqual([{ held, progress: null }])
    expect(await readdir(join(root, 'state'))).toContain('report.json.damaged')
  })

  it('says what it could not write', async () => {
    await writeFile(join(root, 'state'), 'a file in the way')
    await expect(open().saveCheckpoint({ position: 1, doneRequests: [] })).rejects.toMatchObject({
      code: 'DATA_DIR_UNUSABLE',
    })
  })
})
