import { isDeepStrictEqual } from 'node:util'
import { jobKey } from '../../src/domain/ids.ts'
import type { RecordedEvent } from '../../src/eventstore/port.ts'
import { type Logger, silentLogger } from '../../src/platform/logger.ts'
import { createChance } from './chance.ts'
import { findUnsettled } from './liveness.ts'
import {
  checkMachines,
  createAcknowledgementWatch,
  createLossWatch,
  createStartCounter,
  createSurvivalWatcher,
  taskEventWatcher,
} from './machine-safety.ts'
import { createOracle, replay, Violation } from './oracle.ts'
import { createOwedWatch } from './owed.ts'
import { createWatchers } from './safety.ts'
import { createWorkload } from './workload.ts'
import { createWorld } from './world.ts'

export type SimulationOptions = {
  readonly ticks: number
  /** Gets a line for everything that happens. */
  readonly trace?: (line: string) => void
  readonly logger?: Logger
}

export type SimulationResult = {
  readonly seed: number
  /** Null when every promise held. */
  readonly failure: string | null
  /** Digest of the log: the same for the same seed. */
  readonly logHash: string
  readonly events: number
  readonly generations: number
  readonly commands: number
  readonly simulatedMs: number
  readonly log: readonly RecordedEvent[]
}

export const DEFAULT_TICKS = 200
const OPERATION_PROBABILITY = 0.3
const FAULT_PROBABILITY = 0.12
/** Lengths of a tick in ms: mostly short, now and then long enough for a timeout to pass. */
const TICKS_MS = [20, 100, 300, 1_000, 1_000, 2_500, 8_000] as const
const COMPARE_EVERY_TICKS = 100
/** Once nothing goes wrong any more, everything must be as it should within this time. */
const SETTLE_WITHIN_MS = 15 * 60_000
const SETTLE_STEP_MS = 5_000

/** Runs one seed from its beginning to rest. Never throws for what the system does wrong: that is the result. */
export const simulate = async (seed: number, options: SimulationOptions): Promise<SimulationResult> => {
  const chance = createChance(seed).fork('run')
  let tick = 0
  const world = createWorld(seed, options.logger ?? silentLogger)
  const { time, host, store, machines } = world
  const trace = (line: string): void => options.trace?.(`[${tick} ${time.elapsedMs()}] ${line}`)
  const oracle = createOracle(options.trace === undefined ? null : trace)
  const starts = createStartCounter()
  const owed = createOwedWatch(({ process }) => store.isQuiet(process))
  const watchers = [...createWatchers(), createSurvivalWatcher(machines), taskEventWatcher(), starts, owed]
  const checkLosses = createLossWatch(machines)
  const acknowledgements = createAcknowledgementWatch(store.log)
  world.network.onAcknowledged(acknowledgements.acknowledged)
  const workload = createWorkload({ time, chance: chance.fork('users'), host, known: () => oracle.state, trace })
  store.onEvent(workload.notice)

  const check = (): void => {
    oracle.follow(store.log, watchers)
    checkMachines(machines, oracle.state)
    checkLosses(oracle.state, time.elapsedMs(), host.upMs())
    acknowledgements.check()
    owed.check(host.current(), oracle.state, time.elapsedMs())
    const [bug] = workload.bugs
    if (bug !== undefined) throw new Violation(`a command threw: ${bug}`)
    const crash = host.crash()
    if (crash !== null) throw new Violation(`a server crashed: ${crash}`)
  }

  /** S4 (I1): the live state equals one that was folded apart, wherever the live one stands at the log's end. */
  const checkLive = (): void => {
    const live = host.current()?.server.view.state
    if (live === undefined || live.position !== oracle.state.position) return
    if (!isDeepStrictEqual(live, oracle.state)) throw new Violation('S4: the live state differs from a fold of its log')
  }

  const checkReplay = (): void => {
    if (!isDeepStrictEqual(replay(store.log), oracle.state))
      throw new Violation('S4: the state differs from a replay of the log from zero')
  }

  /**
   * I5: every launch that a user was told of happened, and the same command was told the same; but what launched nothing
   * itself, since its token had, is forgotten with the token when the job is purged.
   */
  const checkAnswers = (): void => {
    const told = new Map<string, string>()
    for (const { commandId, outcome } of workload.answers) {
      if (outcome.kind !== 'done' || !('dispatchedJobId' in outcome)) continue
      const childId = String(outcome.dispatchedJobId)
      const parent = oracle.state.jobs.get(jobKey('default', childId))?.derivation?.parentIncarnation
      const telling = `${commandId} of incarnation ${parent}`
      const before = told.get(telling)
      if (before !== undefined && before !== childId)
        throw new Violation(`I5: ${commandId} was told of child ${before} and of ${childId}`)
      told.set(telling, childId)
      if (!oracle.state.jobs.has(jobKey('default', childId)))
        throw new Violation(`I5: ${commandId} was told of child ${childId}, which is nowhere`)
    }
  }

  const disturb = async (): Promise<void> => {
    for (; tick < options.ticks; tick++) {
      if (chance.isHit(OPERATION_PROBABILITY)) workload.act()
      if (chance.isHit(FAULT_PROBABILITY)) trace(`fault: ${world.trouble()}`)
      await time.advance(chance.pick(TICKS_MS) ?? 1_000)
      check()
      if (tick % COMPARE_EVERY_TICKS === COMPARE_EVERY_TICKS - 1) checkLive()
    }
  }

  const settle = async (): Promise<void> => {
    trace('all faults end')
    workload.rest()
    let unsettled: readonly string[] = []
    for (let waitedMs = 0; waitedMs < SETTLE_WITHIN_MS; waitedMs += SETTLE_STEP_MS) {
      world.heal()
      await time.advance(SETTLE_STEP_MS)
      check()
      const state = host.current()?.server.view.state
      const now = host.current()?.process.clock.now() ?? 0
      unsettled = state === undefined ? ['no server is up'] : findUnsettled(oracle.state, machines, now)
      if (unsettled.length === 0) return
    }
    throw new Violation(
      `not settled ${SETTLE_WITHIN_MS / 60_000} min after the last fault:\n  ${unsettled.join('\n  ')}`,
    )
  }

  let failure: string | null = null
  try {
    await disturb()
    await settle()
    checkLive()
    checkReplay()
    checkAnswers()
    starts.check(machines, oracle.state)
  } catch (error) {
    if (!(error instanceof Violation))
      failure = `tick ${tick}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
    else failure = `tick ${tick}: ${error.message}`
  }
  host.kill()
  for (const machine of machines) machine.killAgent()
  await time.settle()
  return {
    seed,
    failure,
    logHash: oracle.hash(),
    events: store.log.length,
    generations: host.generation(),
    commands: workload.sent(),
    simulatedMs: time.elapsedMs(),
    log: store.log,
  }
}
