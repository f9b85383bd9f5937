import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createLogWriter } from '../../src/logfile/write-log.ts'
import { removeTree } from '../../src/platform/mounts.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { newEvent } from '../support/eventstore.ts'
import { eventually } from '../support/eventually.ts'
import { exportFacts } from '../support/log-file.ts'
import { startAgent, type TestAgent } from '../support/muster.ts'
import { expectSameRebuilt } from '../support/rebuild.ts'
import { root } from '../support/source-tree.ts'

/** Whole programs: a cluster's log is exported, and imported elsewhere, while its tasks run on. */
const folder = mkdtempSync(join(tmpdir(), 'muster-move-'))
const here = join(folder, 'here')
const there = join(folder, 'there')
let agent: TestAgent | undefined
const tasks = new Set<string>()

afterAll(async () => {
  await agent?.stop()
  // A task outlives its agent: one that a failed test left behind is nobody's.
  for (const pid of tasks) if (existsSync(`/proc/${pid}`)) process.kill(Number(pid), 'SIGKILL')
  await removeTree(folder)
})

/** By how long it sleeps the task is told from all others. */
const SECONDS = String(100_000 + process.pid)

const serviceFile = `job "web" {
  group "web" {
    task "sleep" {
      driver = "raw_exec"
      config {
        command = "sleep"
        args    = ["${SECONDS}"]
      }
      env { SECRET = "a value that is sealed" }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}`
const batchFile = serviceFile.replace('job "web" {', 'job "once" {\n  type = "batch"').replace(SECONDS, '0')

/** The client's own of an agent that had everything in `directory`. */
const clientFlags = (directory: string) => [
  '-state-dir',
  join(directory, 'client'),
  '-alloc-dir',
  join(directory, 'alloc'),
]

const processOf = async (running: TestAgent, seconds = SECONDS): Promise<string> => {
  const pid = await eventually('the task', async () => {
    const { stdout } = await running.shell(`pgrep -f '[s]leep ${seconds}$' | sort | head -1`)
    return stdout.trim() === '' ? undefined : stdout.trim()
  })
  tasks.add(pid)
  return pid
}

const endOfProcess = (pid: string): Promise<true> =>
  eventually('the end of the task', async () => (existsSync(`/proc/${pid}`) ? undefined : true))

/** What users see of the cluster, without what depends on the moment of asking. */
const pictureOf = async (running: TestAgent): Promise<readonly string[]> => {
  const lists = [
    ['job', 'status'],
    ['job', 'status', 'web'],
    ['job', 'status', 'once'],
    ['job', 'allocs', '-verbose', 'web'],
  ]
  const texts = await Promise.all(lists.map(async args => (await running.muster(args)).stdout))
  return texts.map(text => text.replaceAll(/\b(?:\d+(?:s|m|h|mo|d|y))+ ago/g, 'some time ago'))
}

describe('a log that is moved', () => {
  it('gives the same cluster elsewhere, and its tasks are found running', { timeout: 240_000 }, async () => {
    const before = await startAgent(['-data-dir', here])
    agent = before
    writeFileSync(join(folder, 'web.nomad.hcl'), serviceFile)
    writeFileSync(join(folder, 'once.nomad.hcl'), batchFile)
    for (const name of ['web', 'once']) {
      const { code, stderr } = await before.muster(['job', 'run', '-detach', `${name}.nomad.hcl`], folder)
      expect([code, stderr]).toEqual([0, ''])
    }
    await eventually('the end of the batch job', async () =>
      /^once +batch +50 +dead/m.test((await before.muster(['job', 'status'])).stdout) ? true : undefined,
    )
    await eventually('the end of the deployment', async () =>
      (await before.muster(['job', 'status', 'web'])).stdout.includes('completed successfully') ? true : undefined,
    )
    const pid = await processOf(before)

    const backup = await before.muster(['operator', 'log', 'export', 'backup.log'], folder)
    expect([backup.code, backup.stderr]).toEqual([0, ''])
    expect(backup.stdout).toMatch(/^Exported \d+ events of \d+ streams .* to backup.log\nSHA-256 [0-9a-f]{64}\n/)
    expect((await before.muster(['operator', 'log', 'export', 'backup.log'], folder)).stderr).toContain('FILE_EXISTS')
    const piped = await before.muster(['operator', 'log', 'export', '-'], folder)
    expect(piped.stdout.slice(0, 23)).toBe('{"format":"muster-log",')
    expect(piped.stderr).toMatch(/^Exported \d+ events/)
    expect(readFileSync(join(folder, 'backup.log'), 'utf8')).not.toContain('a value that is sealed')
    const locked = await before.muster(['operator', 'log', 'export', '-data-dir', here, 'x.log'], folder)
    expect([locked.code, locked.stderr]).toEqual([1, expect.stringContaining('DATA_DIR_LOCKED')])
    expect(existsSync(join(folder, 'x.log.part'))).toBe(false)

    const wanted = await pictureOf(before)
    await before.stop()
    agent = undefined
    const moved = await before.muster(['operator', 'log', 'export', '-data-dir', here, 'moved.log'], folder)
    expect([moved.code, moved.stderr]).toEqual([0, ''])

    const imported = await before.muster(['operator', 'log', 'import', '-data-dir', there, 'moved.log'], folder)
    expect(imported.code).toBe(0)
    expect(imported.stdout).toContain('read back and compared')
    expect(imported.stderr).toContain('There is no keyring at')
    copyFileSync(join(here, 'server/keyring.json'), join(there, 'server/keyring.json'))
    const again = await before.muster(['operator', 'log', 'import', '-data-dir', there, 'moved.log'], folder)
    expect([again.code, again.stderr]).toEqual([0, ''])

    const after = await startAgent(['-data-dir', there, ...clientFlags(here)])
    agent = after
    expect(await pictureOf(after)).toEqual(wanted)
    expect(await processOf(after)).toBe(pid)
    const allocation = /^([0-9a-f]{8}) /m.exec((await after.muster(['job', 'allocs', 'web'])).stdout)?.[1] ?? ''
    const status = (await after.muster(['alloc', 'status', allocation])).stdout
    expect(status).toMatch(/Client Status +=? *running/)
    expect(status).toMatch(/Total Restarts += 0/)
    expect((await after.muster(['job', 'inspect', 'web'])).stdout).toContain('a value that is sealed')
    expect((await after.muster(['job', 'stop', '-purge', '-detach', 'web'])).code).toBe(0)
    await endOfProcess(pid)
    const refused = await after.muster(['operator', 'log', 'import', '-data-dir', here, 'moved.log'], folder)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('STORE_NOT_EMPTY')])
    await after.stop()
    agent = undefined
    expect(await expectSameRebuilt(there)).toBeGreaterThan(10)
  })
})

describe('a backup that is older than what runs', () => {
  it('leaves alone what it knows of, and ends what it does not', { timeout: 200_000 }, async () => {
    const [old, restored] = [join(folder, 'old'), join(folder, 'restored')]
    const later = String(Number(SECONDS) + 1_000_000)
    writeFileSync(join(folder, 'web.nomad.hcl'), serviceFile)
    writeFileSync(join(folder, 'later.nomad.hcl'), serviceFile.replace('"web" {', '"later" {').replace(SECONDS, later))
    const before = await startAgent(['-data-dir', old])
    agent = before
    expect((await before.muster(['job', 'run', '-detach', 'web.nomad.hcl'], folder)).code).toBe(0)
    const known = await processOf(before)
    expect((await before.muster(['operator', 'log', 'export', 'older.log'], folder)).code).toBe(0)
    expect((await before.muster(['job', 'run', '-detach', 'later.nomad.hcl'], folder)).code).toBe(0)
    const unknown = await processOf(before, later)
    await before.stop()
    agent = undefined

    expect((await before.muster(['operator', 'log', 'import', '-data-dir', restored, 'older.log'], folder)).code).toBe(
      0,
    )
    copyFileSync(join(old, 'server/keyring.json'), join(restored, 'server/keyring.json'))
    const after = await startAgent(['-data-dir', restored, ...clientFlags(old)])
    agent = after
    await endOfProcess(unknown)
    expect(await processOf(after)).toBe(known)
    const jobs = (await after.muster(['job', 'status'])).stdout
    expect(jobs).toMatch(/^web +service +50 +running/m)
    expect(jobs).not.toContain('later')
    expect((await after.muster(['job', 'stop', '-purge', '-detach', 'web'])).code).toBe(0)
    await endOfProcess(known)
    await after.stop()
    agent = undefined
  })
})

describe('an import that is killed', () => {
  const EVENTS = 40_000
  const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const muster = (args: readonly string[]) => spawn(join(root, 'bin/muster'), args, { cwd: folder, stdio: 'pipe' })
  const endOf = async (
    child: ReturnType<typeof muster>,
  ): Promise<{ readonly code: number | null; readonly said: string }> => {
    let said = ''
    for (const pipe of [child.stdout, child.stderr]) pipe.setEncoding('utf8').on('data', text => (said += text))
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, said }
  }

  it('is not served, and is finished by the same file', { timeout: 200_000 }, async () => {
    const writer = createLogWriter()
    const path = join(folder, 'large.log')
    writeFileSync(path, writer.header({ ...exportFacts, head: EVENTS }))
    for (let from = 0; from < EVENTS; from += 1_000) {
      const lines = Array.from({ length: 1_000 }, (_, index) => {
        const position = from + index
        const place = { stream: `source-${position % 100}`, revision: Math.floor(position / 100), position }
        return writer.event({ ...newEvent('x'.repeat(200)), ...place })
      })
      appendFileSync(path, Buffer.concat(lines))
    }
    appendFileSync(path, writer.footer())
    const target = join(folder, 'target')
    mkdirSync(target)
    const random = seededRandom(3)
    const importing = () => muster(['operator', 'log', 'import', '-data-dir', target, 'large.log'])
    let halves = 0
    for (let kill = 0; kill < 4; kill++) {
      const child = importing()
      const ended = endOf(child)
      await eventually('events of the import in the store', async () =>
        sizeOf(join(target, 'server/events.db-wal')) > 500_000 || child.exitCode !== null ? true : undefined,
      )
      await new Promise(resolve => {
        setTimeout(resolve, random.next() * 300)
      })
      child.kill('SIGKILL')
      // One that has come to its end meanwhile is served, and has nothing to show here.
      if ((await ended).code !== null) break
      const { code, said } = await endOf(muster(['agent', '-server', '-http-port', '0', '-data-dir', target]))
      expect(code).toBe(1)
      expect(said).toContain('IMPORT_UNFINISHED')
      halves += 1
    }
    expect(halves).toBeGreaterThan(0)
    const { code, said } = await endOf(importing())
    expect([code, said]).toEqual([0, expect.stringContaining(`Imported ${EVENTS} events of 100 streams`)])
    const exported = await endOf(muster(['operator', 'log', 'export', '-data-dir', target, 'same.log']))
    expect(exported.code).toBe(0)
    const eventsIn = (name: string): readonly unknown[] =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .slice(1, -2)
        .map(line => ({ ...JSON.parse(line), position: 0, crc: '' }))
    expect(eventsIn('same.log')).toEqual(eventsIn('large.log'))
  })
})
