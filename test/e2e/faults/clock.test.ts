import { mkdtempSync, renameSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeTree } from '../../../src/platform/mounts.ts'
import { eventually } from '../../support/eventually.ts'
import { fakeTimeLibrary } from '../../support/fault-kit.ts'
import { startAgent, type TestAgent } from '../../support/muster.ts'

/** A wall clock that is set while an agent runs; its timers go on by the monotonic one. */
let folder = ''
let agent: TestAgent | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-clock-'))
})
afterEach(async () => {
  await agent?.stop()
  agent = undefined
  await removeTree(folder)
})

/** Every two seconds a run that takes longer than that. */
const job = `job "every" {
  type = "batch"
  periodic {
    crons            = ["*/2 * * * * * *"]
    prohibit_overlap = true
  }
  group "g" {
    task "t" {
      driver = "mock"
      config {
        run_for = "3s"
      }
    }
  }
}
`

type Child = { readonly instant: number; readonly status: string }

const childrenOf = async (running: TestAgent): Promise<readonly Child[]> => {
  const { stdout } = await running.muster(['job', 'status', 'every'])
  return Array.from(stdout.matchAll(/^every\/periodic-(\d+) +(\w+)/gm), match => ({
    instant: Number(match[1]),
    status: match[2] ?? '',
  }))
}

const HOUR_S = 3_600
const DAY_S = 86_400

describe('a clock that is set while a periodic job runs (F12)', () => {
  it('launches nothing twice, makes up for at most one run, and never two at once', async ({ skip }) => {
    const library = fakeTimeLibrary('a clock that is set')
    if (library === false) return skip()
    const clock = join(folder, 'clock')
    const set = (offset: string): void => {
      writeFileSync(`${clock}.new`, `${offset}\n`)
      renameSync(`${clock}.new`, clock)
    }
    set('+0')
    agent = await startAgent([], undefined, {
      env: { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: clock, DONT_FAKE_MONOTONIC: '1', FAKETIME_NO_CACHE: '1' },
    })
    const running = agent
    writeFileSync(join(folder, 'every.nomad.hcl'), job)
    expect((await running.muster(['job', 'run', '-detach', 'every.nomad.hcl'], folder)).code).toBe(0)
    let most = 0
    const look = async (): Promise<readonly Child[]> => {
      const children = await childrenOf(running)
      most = Math.max(most, children.filter(({ status }) => status !== 'dead').length)
      return children
    }
    const newerThan = (instant: number, count: number) =>
      eventually(`${count} runs after ${instant}`, async () => {
        const newer = (await look()).filter(child => child.instant > instant)
        return newer.length >= count ? newer : undefined
      })
    const begun = Math.floor(Date.now() / 1_000) - 1
    const before = await newerThan(begun, 2)
    const last = Math.max(...before.map(({ instant }) => instant))

    // An hour back: what was launched under these instants is not launched again.
    set(`-${HOUR_S}s`)
    await eventually('a reply under the set clock', async () => ((await look()).length > 0 ? true : undefined))
    set('+0')
    const again = await newerThan(last, 1)
    expect((await look()).every(({ instant }) => instant > begun)).toBe(true)

    // Three days on: a hundred thousand runs were missed, one is made up for.
    const lastToday = Math.max(...again.map(({ instant }) => instant))
    set(`+${3 * DAY_S}s`)
    const future = await newerThan(lastToday + DAY_S, 2)
    const instants = (await look()).map(({ instant }) => instant)
    expect(new Set(instants).size).toBe(instants.length)
    const between = instants.filter(
      instant => instant > lastToday + 60 && instant < Math.min(...future.map(one => one.instant)),
    )
    expect(between).toEqual([])
    expect(most).toBe(1)
  })
})
