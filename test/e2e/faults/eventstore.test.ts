import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openEventStoreDb } from '../../../src/eventstore/eventstoredb/open.ts'
import { removeTree } from '../../../src/platform/mounts.ts'
import { type ConfiguredAgent, isRunning, nodeReady, startConfigured, writeTicker } from '../../support/cluster.ts'
import { eventually } from '../../support/eventually.ts'
import { freePort } from '../../support/muster.ts'
import { expectSameRebuilt } from '../../support/rebuild.ts'
import { type FailingEventStore, failingStores } from '../../support/store-outages.ts'

/** Whole agents on an EventStoreDB that goes away and comes back while tasks run and a periodic job is launched every second. */
let folder = ''
let agent: ConfiguredAgent | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-outages-'))
})
afterEach(async () => {
  agent?.send('SIGTERM')
  await agent?.ended
  agent = undefined
  await removeTree(folder)
})

const start = async (store: FailingEventStore): Promise<ConfiguredAgent> => {
  const port = await freePort()
  const config = join(folder, 'agent.hcl')
  writeFileSync(
    config,
    `name = "one"
data_dir = "${join(folder, 'data')}"
ports {
  http = ${port}
}
server {
  enabled = true
}
client {
  enabled = true
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
eventstore {
  kind = "eventstoredb"
  url  = "${store.url}"
}
`,
  )
  const started = startConfigured({ config, port })
  agent = started
  return started
}

/** A job that is launched every second; each launch notes its name in a file, so that a second run of it would show. */
const writePulse = (): { readonly file: string; readonly launches: () => readonly string[] } => {
  const marks = join(folder, 'pulse.marks')
  const file = join(folder, 'pulse.nomad.hcl')
  writeFileSync(
    file,
    `job "pulse" {
  type = "batch"
  periodic {
    crons            = ["* * * * * * *"]
    prohibit_overlap = false
  }
  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo $NOMAD_JOB_ID >> ${marks}"]
      }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
`,
  )
  return {
    file,
    launches: () => (existsSync(marks) ? readFileSync(marks, 'utf8').trim().split('\n') : []),
  }
}

const run = async (running: ConfiguredAgent, file: string): Promise<void> => {
  const result = await running.muster(['job', 'run', '-detach', file])
  expect(result, result.stdout + result.stderr).toMatchObject({ code: 0 })
}

/** Launches that are more than there were. */
const moreLaunches = (launches: () => readonly string[], by: number): Promise<true> => {
  const before = launches().length
  return eventually(`${by} more launches`, async () => (launches().length >= before + by ? true : undefined))
}

/** What must be so while the store is away: writes are refused by code, all else goes on. */
const expectStandstill = async (running: ConfiguredAgent, file: string, pid: string | undefined): Promise<void> => {
  const refused = await running.muster(['job', 'run', '-detach', file])
  expect(refused.code).toBe(1)
  expect(refused.stderr).toMatch(/STORE_UNAVAILABLE|STORE_OUTCOME_UNKNOWN/)
  const shown = await running.muster(['job', 'status', 'ticker'])
  expect(shown.stdout).toMatch(/run {6}running/)
  expect(shown.stderr).toContain('Warning: the event store is out of reach; what is shown may be old')
  expect(isRunning(pid)).toBe(true)
  expect(running.process.exitCode).toBeNull()
}

describe.each(failingStores)('an event store that goes down and comes back (F3): %s', (_name, fail) => {
  it('holds writes up and nothing else; no effect comes twice, whether the agent lives through it or not', async () => {
    const store = await fail()
    const ticker = writeTicker(folder, { name: 'ticker', node: 'one' })
    const pulse = writePulse()
    const first = await start(store)
    await nodeReady(first, 'one')
    await run(first, ticker.file)
    await run(first, pulse.file)
    const pid = await eventually('the ticker', async () => ticker.starts()[0])
    await moreLaunches(pulse.launches, 2)
    const begun = store.subscribedAfter().length
    for (let outage = 1; outage <= 2; outage++) {
      await store.goDown()
      await expectStandstill(first, ticker.file, pid)
      await store.comeBack()
      await moreLaunches(pulse.launches, 2)
      await eventually('the word of it', async () =>
        first.log().split('event store subscription resumed').length > outage ? true : undefined,
      )
      expect((await first.muster(['job', 'status', 'ticker'])).stderr).toBe('')
    }
    // Every call after an outage begins behind what was seen, none at the log's start.
    expect(
      store
        .subscribedAfter()
        .slice(begun)
        .filter(after => after < 0),
    ).toEqual([])

    await store.goDown()
    first.send('SIGKILL')
    await first.ended
    const early = await start(store)
    expect(await early.ended).toEqual({ code: 1, signal: null })
    expect(early.log()).toContain('Error [STORE_UNAVAILABLE]')
    expect(isRunning(pid)).toBe(true)
    await store.comeBack()
    const second = await start(store)
    await nodeReady(second, 'one')
    await moreLaunches(pulse.launches, 2)
    expect(isRunning(pid)).toBe(true)
    expect(ticker.starts()).toEqual([pid])

    const stopped = await second.muster(['job', 'stop', '-purge', '-detach', 'pulse'])
    expect(stopped, stopped.stderr).toMatchObject({ code: 0 })
    await eventually('the end of every launch', async () => {
      const { stdout } = await second.muster(['job', 'status'])
      return /pulse\/\S+ .*(running|pending)/.test(stdout) ? undefined : true
    })
    expect(await second.muster(['job', 'stop', '-purge', 'ticker'])).toMatchObject({ code: 0 })
    await eventually('the end of the ticker', async () => (isRunning(pid) ? undefined : true))
    const launches = pulse.launches()
    expect(launches).toEqual([...new Set(launches)])
    second.send('SIGTERM')
    expect(await second.ended).toEqual({ code: 0, signal: null })
    expect(await expectSameRebuilt(join(folder, 'data'), () => openEventStoreDb({ url: store.url }))).toBeGreaterThan(
      20,
    )
  })
})
