import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seededRandom } from '../../src/platform/random.ts'
import { freePort } from '../support/muster.ts'
import { compareRebuilt } from '../support/rebuilt.ts'
import { type AgentHost, createAgentHost } from './agent-host.ts'
import { type Point, type PointName, points } from './points.ts'
import { createWorkload, type Workload } from './workload.ts'

export type CrashResult = {
  readonly point: PointName
  readonly rounds: number
  /** How often something was killed at the point. */
  readonly kills: number
  /** Of these, how often while the agent came back from the kill before. */
  readonly killsInRecovery: number
  readonly events: number
  readonly seconds: number
}

export type CrashOptions = {
  readonly point: PointName
  readonly seed: number
  readonly rounds: number
  readonly trace?: (line: string) => void
}

/** How many times the agent dies at its point in one round at most: after the first time while it comes back from it. */
const MAX_DEATHS_PER_ROUND = 6
/** How often the end of a task has no witness. */
const UNSEEN_SHARE = 0.25
/** The longest that a kill from outside waits after a round began. */
const MAX_KILL_DELAY_MS = 400
/** After a round's commands the point may still be ahead; longer than this it is not. */
const REACHED_WITHIN_MS = 4_000
const SETTLED_WITHIN_MS = 90_000
const POLL_MS = 30
/** Runs take long enough to end while nobody looks, and short enough for many rounds. */
const RUN_SECONDS = 0.3
const LONG_RUN_SECONDS = 30

type Chance = () => number

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

const settle = async (workload: Workload, host: AgentHost): Promise<void> => {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  for (;;) {
    const faults = await workload.faults().catch((error: unknown) => [String(error)])
    if (faults.length === 0) return
    if (performance.now() > deadline) throw new Error(`${faults.join('\n')}\n${host.log().slice(-6_000)}`)
    await pause(POLL_MS)
  }
}

type Round = {
  readonly number: number
  readonly host: AgentHost
  readonly workload: Workload
  readonly dataDir: string
  readonly chance: Chance
}

/** Plays the round's commands while `kill` happens beside them. */
const disturbed = async (round: Round, kill: () => Promise<void>): Promise<void> => {
  const [act, killed] = await Promise.allSettled([round.workload.act(round.number), kill()])
  for (const result of [act, killed]) if (result.status === 'rejected') throw result.reason
}

const killers: Readonly<
  Record<Point['kind'], (round: Round, name: PointName, point: Point) => Promise<{ kills: number; inRecovery: number }>>
> = {
  hook: async ({ host, workload, number, chance }, name, point) => {
    const maxCount = point.kind === 'hook' ? point.maxCount : 1
    const more = Math.floor(chance() * MAX_DEATHS_PER_ROUND)
    const counts = [1 + Math.floor(chance() * maxCount), ...Array.from({ length: more }, () => 1)]
    host.arm(name, counts)
    await workload.act(number)
    while (await host.hasDied(REACHED_WITHIN_MS)) await host.ensureUp()
    const kills = host.disarm()
    await host.ensureUp()
    return { kills, inRecovery: Math.max(0, kills - 1) }
  },
  agent: async round => {
    const before = round.host.deaths()
    await disturbed(round, async () => {
      await pause(round.chance() * MAX_KILL_DELAY_MS)
      await round.host.kill()
    })
    await round.host.ensureUp()
    return { kills: round.host.deaths() - before, inRecovery: 0 }
  },
  broker: async round => {
    let kills = 0
    await disturbed(round, async () => {
      await pause(round.chance() * MAX_KILL_DELAY_MS)
      const pid = Number(readFileSync(join(round.dataDir, 'client/drivers/raw_exec/broker.pid'), 'utf8'))
      process.kill(pid, 'SIGKILL')
      kills += 1
    })
    return { kills, inRecovery: 0 }
  },
  task: async round => {
    await round.workload.act(round.number)
    const deadline = performance.now() + SETTLED_WITHIN_MS
    let pid: number | undefined
    while (pid === undefined && performance.now() < deadline) {
      pid = await round.workload.runPid(round.number)
      if (pid === undefined) await pause(POLL_MS)
    }
    if (pid === undefined) throw new Error('the run did not start')
    // Now and then nobody is there to see it: the agent is killed first, and learns of the end when it is back.
    const isUnseen = round.chance() < UNSEEN_SHARE
    if (isUnseen) await round.host.kill()
    round.workload.killRun(round.number, pid)
    await round.host.ensureUp()
    return { kills: 1, inRecovery: isUnseen ? 1 : 0 }
  },
}

/** Kills at one point, round after round, over one data directory. Throws with what was found to be wrong. */
export const runCrashTest = async ({ point, seed, rounds, trace }: CrashOptions): Promise<CrashResult> => {
  const startedAt = performance.now()
  const folder = mkdtempSync(join(tmpdir(), `muster-crash-${point}-`))
  const dataDir = join(folder, 'data')
  const random = seededRandom(seed)
  const host = createAgentHost(folder, await freePort())
  const workload = createWorkload(host, dataDir, points[point].kind === 'task' ? LONG_RUN_SECONDS : RUN_SECONDS)
  let kills = 0
  let killsInRecovery = 0
  try {
    await host.ensureUp()
    for (let number = 0; number < rounds; number += 1) {
      const round: Round = { number, host, workload, dataDir, chance: () => random.next() }
      const done = await killers[points[point].kind](round, point, points[point])
      await settle(workload, host)
      kills += done.kills
      killsInRecovery += done.inRecovery
      trace?.(`${point} round ${number}: ${done.kills} kills`)
    }
    await host.stop()
    const { count, difference } = await compareRebuilt(dataDir)
    if (difference !== null) throw new Error(`the views differ from ones that are built anew:\n${difference}`)
    const seconds = (performance.now() - startedAt) / 1_000
    return { point, rounds, kills, killsInRecovery, events: count, seconds }
  } finally {
    await host.kill()
    for (const pid of workload.runningPids()) {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
