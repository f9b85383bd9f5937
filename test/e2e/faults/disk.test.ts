import { closeSync, mkdtempSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeTree } from '../../../src/platform/mounts.ts'
import { eventually } from '../../support/eventually.ts'
import { canMount, type Disk, hasStrace, inject, mountDisk } from '../../support/fault-kit.ts'
import { freePort, runCommand, startAgent, type TestAgent } from '../../support/muster.ts'
import { expectSameRebuilt } from '../../support/rebuild.ts'
import { root } from '../../support/source-tree.ts'

/** What a disk does to whole agents. */
let folder = ''
let agent: TestAgent | undefined
let disk: Disk | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-disk-'))
})
afterEach(async () => {
  await agent?.stop()
  agent = undefined
  disk?.unmount()
  disk = undefined
  await removeTree(folder)
})

const DISK_BYTES = 3_000_000
/** Longer than an append is waited for. */
const SYNC_DELAY_US = 8_000_000

const job = (name: string, filler = ''): string => {
  const path = join(folder, `${name}.nomad.hcl`)
  writeFileSync(
    path,
    `job "${name}" {\n  type = "batch"\n  meta {\n    filler = "${filler}"\n  }\n  group "g" {\n    task "t" {\n      driver = "mock"\n      config {\n        run_for = "1ms"\n      }\n    }\n  }\n}\n`,
  )
  return path
}

const run = (running: TestAgent, name: string, filler = '') =>
  running.muster(['job', 'run', '-detach', job(name, filler)], folder)

const health = async (
  running: TestAgent,
): Promise<{ readonly server: { readonly ok: boolean; readonly message: string } }> => {
  const response = await fetch(`http://127.0.0.1:${running.port}/v1/agent/health`)
  return (await response.json()) as never
}

/** Flips bits in the middle of every page behind the first. */
const damage = (path: string): void => {
  const { size } = statSync(path)
  const file = openSync(path, 'r+')
  for (let at = 4_096 + 1_024; at < size; at += 4_096) writeSync(file, Buffer.alloc(2_048, 0xa5), 0, 2_048, at)
  closeSync(file)
}

describe('a full disk under the server (F13)', () => {
  it('refuses writes by code, lives and answers, and goes on when there is room', async ({ skip }) => {
    if (!canMount('a full disk')) return skip()
    const dataDir = join(folder, 'data')
    disk = mountDisk(join(dataDir, 'server'), DISK_BYTES)
    agent = await startAgent(['-data-dir', dataDir])
    const running = agent
    expect((await run(running, 'before')).code).toBe(0)
    disk.fill()
    const refused = await eventually('a write that does not fit', async () => {
      const answer = await run(running, 'during', 'x'.repeat(8_000))
      return answer.code === 0 ? undefined : answer
    })
    expect(refused.stderr).toMatch(/STORE_UNAVAILABLE|VIEW_LAGGING|NO_LEADER/)
    expect(running.process.exitCode).toBeNull()
    expect((await running.muster(['job', 'status', 'before'])).stdout).toContain('before')
    disk.empty()
    await eventually('writes that fit again', async () => ((await run(running, 'after')).code === 0 ? true : undefined))
    await eventually('a server that is well', async () => ((await health(running)).server.ok ? true : undefined))
    await eventually('the job in the views', async () =>
      (await running.muster(['job', 'status', 'after'])).code === 0 ? true : undefined,
    )
    await running.stop()
    agent = undefined
    expect(await expectSameRebuilt(dataDir)).toBeGreaterThan(3)
  })
})

describe('a full disk under the tasks (F13)', () => {
  it('holds starts up, says so in the log, loses no handle, and starts them when there is room', async ({ skip }) => {
    if (!canMount('a full disk')) return skip()
    const dataDir = join(folder, 'data')
    disk = mountDisk(join(dataDir, 'client'), DISK_BYTES)
    agent = await startAgent(['-data-dir', dataDir])
    const running = agent
    disk.fill()
    expect((await run(running, 'held')).code).toBe(0)
    await eventually('a word of it in the log', async () =>
      /No space left|ENOSPC|could not be (saved|taken)|step of a task failed/.test(running.log()) ? true : undefined,
    )
    expect((await health(running)).server.ok).toBe(true)
    disk.empty()
    await eventually('the end of the run', async () =>
      /complete/.test((await running.muster(['job', 'allocs', 'held'])).stdout) ? true : undefined,
    )
  })
})

describe('a disk that does not answer (F2)', () => {
  it('makes writes of unknown outcome in time, while what is known is still told, and goes on when it answers', async ({
    skip,
  }) => {
    if (!hasStrace('a disk that does not answer')) return skip()
    const dataDir = join(folder, 'data')
    agent = await startAgent(['-data-dir', dataDir])
    const running = agent
    expect((await run(running, 'before')).code).toBe(0)
    const injection = await inject(running.process.pid ?? 0, `fsync,fdatasync:delay_enter=${SYNC_DELAY_US}`)
    const stalled = await run(running, 'during')
    expect(stalled.code).toBe(1)
    expect(stalled.stderr).toMatch(/STORE_OUTCOME_UNKNOWN|VIEW_LAGGING/)
    expect((await running.muster(['job', 'status', 'before'])).code).toBe(0)
    await injection.stop()
    expect(running.process.exitCode).toBeNull()
    await eventually('writes that are answered again', async () =>
      (await run(running, 'after')).code === 0 ? true : undefined,
    )
    await running.stop()
    agent = undefined
    expect(await expectSameRebuilt(dataDir)).toBeGreaterThan(3)
  })
})

describe('a disk whose sync fails (F14)', () => {
  it('ends the agent with 1 and a clear line, and what was acknowledged is there at the next start', async ({
    skip,
  }) => {
    if (!hasStrace('a failed sync')) return skip()
    const dataDir = join(folder, 'data')
    const port = await freePort()
    const first = await startAgent(['-data-dir', dataDir], port)
    agent = first
    expect((await run(first, 'acknowledged')).code).toBe(0)
    const ended = new Promise<number | null>(resolve => {
      first.process.once('exit', resolve)
    })
    const injection = await inject(first.process.pid ?? 0, 'fsync,fdatasync:error=EIO')
    void run(first, 'doubtful')
    expect(await ended).toBe(1)
    await injection.stop()
    expect(first.log()).toMatch(/SQLITE_IOERR_FSYNC/)
    expect(first.log()).toContain('the agent cannot go on')
    agent = await startAgent(['-data-dir', dataDir], port)
    expect((await agent.muster(['job', 'status', 'acknowledged'])).code).toBe(0)
  })
})

describe('files that were damaged while nobody looked (F15)', () => {
  const stopped = async (): Promise<string> => {
    const dataDir = join(folder, 'data')
    const first = await startAgent(['-data-dir', dataDir])
    agent = first
    for (const name of ['one', 'two', 'three']) expect((await run(first, name)).code).toBe(0)
    await first.stop()
    agent = undefined
    return dataDir
  }

  it('are built anew where they are views: the agent starts, says so, and shows what it showed', async () => {
    const dataDir = await stopped()
    damage(join(dataDir, 'server/views.db'))
    agent = await startAgent(['-data-dir', dataDir])
    const running = agent
    await eventually('all jobs', async () => {
      const { stdout } = await running.muster(['job', 'status'])
      return ['one', 'two', 'three'].every(name => stdout.includes(name)) ? true : undefined
    })
    await eventually('a server that is well', async () => ((await health(running)).server.ok ? true : undefined))
    await running.stop()
    agent = undefined
    expect(await expectSameRebuilt(dataDir)).toBeGreaterThan(5)
  })

  it('are refused where they are the log: exit 1 with the code and the place', async () => {
    const dataDir = await stopped()
    const log = join(dataDir, 'server/events.db')
    const bytes = readFileSync(log)
    const at = bytes.indexOf('"two"')
    expect(at).toBeGreaterThan(0)
    bytes[at + 1] = 'T'.charCodeAt(0)
    writeFileSync(log, bytes)
    const args = ['agent', '-dev', '-data-dir', dataDir, '-http-port', String(await freePort())]
    const refused = await runCommand(join(root, 'bin/muster'), args, { env: { ...process.env }, cwd: folder })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('STORE_CORRUPT')
    expect(refused.stderr).toMatch(/position \d+ does not match its checksum/)
  })
})
