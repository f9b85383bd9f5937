import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeTree } from '../../src/platform/mounts.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { compareRebuilt } from '../support/rebuilt.ts'
import { type Agents, createAgents } from './agents.ts'
import { type Engine, startEngine } from './engine.ts'
import { type Point, type PointName, points } from './points.ts'
import { isProcessAlive, processes } from './task-kinds.ts'
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
/** Containers take longer to start and to stop. */
const MAX_ENGINE_KILL_DELAY_MS = 2_000
/** An engine is killed so often more at most, within so long of its start, which takes about that long. */
const MAX_KILLS_WHILE_STARTING = 3
const MAX_ENGINE_START_MS = 2_000
/** How often it is killed again after it served: once a round at most, since the third time counts against a start. */
const KILLED_AGAIN_SHARE = 0.4
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

const settle = async (workload: Workload, agents: Agents): Promise<void> => {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  for (;;) {
    const faults = await workload.faults().catch((error: unknown) => [String(error)])
    if (faults.length === 0) return
    if (performance.now() > deadline)
      throw new Error(
        `${faults.join('\n')}\n${agents.server.log().slice(-3_000)}\n${agents.client.log().slice(-3_000)}`,
      )
    await pause(POLL_MS)
  }
}

type Round = {
  readonly number: number
  readonly agents: Agents
  readonly workload: Workload
  readonly engine: Engine | null
  readonly chance: Chance
}

/** Plays the round's commands while `kill` happens beside them. */
const disturbed = async (round: Round, kill: () => Promise<void>, kills = 1): Promise<void> => {
  const [act, killed] = await Promise.allSettled([round.workload.act(round.number, kills), kill()])
  for (const result of [act, killed]) if (result.status === 'rejected') throw result.reason
}

type Killed = { readonly kills: number; readonly inRecovery: number }
type Killers = {
  readonly [K in Point['kind']]: (round: Round, name: string, point: Extract<Point, { kind: K }>) => Promise<Killed>
}

/** The broker is started with the first task, and again after it was killed. */
const brokerPid = async ({ agents }: Round): Promise<number> => {
  const path = join(agents.client.dataDir, 'client/drivers/raw_exec/raw_exec/broker.pid')
  const deadline = performance.now() + SETTLED_WITHIN_MS
  while (performance.now() < deadline) {
    const pid = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
    if (pid > 0 && isProcessAlive(pid)) return pid
    await pause(POLL_MS)
  }
  throw new Error('the broker did not start')
}

const pidOfRun = async ({ workload, number }: Round): Promise<number> => {
  const deadline = performance.now() + SETTLED_WITHIN_MS
  while (performance.now() < deadline) {
    const pid = await workload.runPid(number)
    if (pid !== undefined) return pid
    await pause(POLL_MS)
  }
  throw new Error('the run did not start')
}

const killers: Killers = {
  hook: async ({ agents, workload, number, chance }, name, { of, maxCount }) => {
    const agent = agents[of]
    const more = Math.floor(chance() * MAX_DEATHS_PER_ROUND)
    agent.arm(name, [1 + Math.floor(chance() * maxCount), ...Array.from({ length: more }, () => 1)])
    await workload.act(number)
    while (await agent.hasDied(REACHED_WITHIN_MS)) await agent.ensureUp()
    const kills = agent.disarm()
    await agents.ensureUp()
    return { kills, inRecovery: Math.max(0, kills - 1) }
  },
  agent: async (round, _name, { of }) => {
    await disturbed(round, async () => {
      await pause(round.chance() * MAX_KILL_DELAY_MS)
      await Promise.all(of.map(one => round.agents[one].kill()))
    })
    await round.agents.ensureUp()
    return { kills: 1, inRecovery: 0 }
  },
  broker: async round => {
    await disturbed(round, async () => {
      await pause(round.chance() * MAX_KILL_DELAY_MS)
      process.kill(await brokerPid(round), 'SIGKILL')
    })
    return { kills: 1, inRecovery: 0 }
  },
  task: async round => {
    await round.workload.act(round.number)
    const pid = await pidOfRun(round)
    // Now and then nobody is there to see it: the client is killed first, and learns of the end when it is back.
    const isUnseen = round.chance() < UNSEEN_SHARE
    if (isUnseen) await round.agents.client.kill()
    round.workload.killRun(round.number, pid)
    await round.agents.ensureUp()
    return { kills: 1, inRecovery: isUnseen ? 1 : 0 }
  },
  engine: async (round, _name, { of }) => {
    const { agents, engine, chance } = round
    const whileStarting = Math.floor(chance() * (MAX_KILLS_WHILE_STARTING + 1))
    const isKilledAgain = chance() < KILLED_AGAIN_SHARE
    const kills = 1 + whileStarting + (isKilledAgain ? 1 : 0)
    const killAfter = async (maxMs: number): Promise<void> => {
      await pause(chance() * maxMs)
      await Promise.all([engine?.kill(), ...of.map(one => agents[one].kill())])
    }
    const startAll = async (): Promise<void> => void (await Promise.all([engine?.start(), agents.ensureUp()]))
    const play = async (): Promise<void> => {
      await killAfter(MAX_ENGINE_KILL_DELAY_MS)
      for (let kill = 0; kill < whileStarting; kill += 1) {
        // One that was killed did not start, which is no fault.
        const [killed] = await Promise.allSettled([killAfter(MAX_ENGINE_START_MS), engine?.start()])
        if (killed.status === 'rejected') throw killed.reason
      }
      await startAll()
      if (!isKilledAgain) return
      // While what the kills cut off is being made up for.
      await killAfter(MAX_ENGINE_KILL_DELAY_MS)
      await startAll()
    }
    await disturbed(round, play, kills)
    return { kills, inRecovery: kills - 1 }
  },
}

const killAt = (round: Round, name: string, point: Point): Promise<Killed> => {
  switch (point.kind) {
    case 'hook':
      return killers.hook(round, name, point)
    case 'agent':
      return killers.agent(round, name, point)
    case 'broker':
      return killers.broker(round, name, point)
    case 'task':
      return killers.task(round, name, point)
    case 'engine':
      return killers.engine(round, name, point)
  }
}

/** Kills at one point, round after round, over one data directory. Throws with what was found to be wrong. */
export const runCrashTest = async ({ point, seed, rounds, trace }: CrashOptions): Promise<CrashResult> => {
  const startedAt = performance.now()
  const folder = mkdtempSync(join(tmpdir(), `muster-crash-${point}-`))
  const random = seededRandom(seed)
  const what: Point = points[point]
  const engine = what.kind === 'engine' ? await startEngine(folder, what.keepsContainers) : null
  const agents = await createAgents(folder, engine?.clientArgs)
  const tasks = engine?.tasks ?? processes(what.kind === 'task' ? LONG_RUN_SECONDS : RUN_SECONDS)
  const workload = createWorkload(agents, tasks)
  let kills = 0
  let killsInRecovery = 0
  try {
    await agents.ensureUp()
    for (let number = 0; number < rounds; number += 1) {
      const done = await killAt({ number, agents, workload, engine, chance: () => random.next() }, point, what)
      await settle(workload, agents)
      kills += done.kills
      killsInRecovery += done.inRecovery
      trace?.(`${point} round ${number}: ${done.kills} kills`)
    }
    await agents.stop()
    const { count, difference } = await compareRebuilt(agents.server.dataDir)
    if (difference !== null) throw new Error(`the views differ from ones that are built anew:\n${difference}`)
    await engine?.stop()
    return { point, rounds, kills, killsInRecovery, events: count, seconds: (performance.now() - startedAt) / 1_000 }
  } finally {
    await agents.kill()
    workload.endAll()
    // What went wrong before counts, and not what is left because of it.
    await engine?.stop().catch(() => {})
    await removeTree(folder)
  }
}
