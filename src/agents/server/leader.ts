import { CATCH_UP_TIMEOUT_MS, catchUp } from '../../app/catch-up.ts'
import { type ClusterView } from '../../app/cluster-view.ts'
import { encode, type Provenance } from '../../app/codec.ts'
import type { JobCommandHandler } from '../../app/job-commands.ts'
import { type Changes, noChanges } from '../../domain/cluster/index.ts'
import type { ControlEvent } from '../../domain/control/events.ts'
import { controlEventId } from '../../domain/ids.ts'
import { describeJobRejection } from '../../domain/job/index.ts'
import { MAX_CONTROL_BATCH } from '../../domain/limits.ts'
import { CONTROL_STREAM } from '../../domain/streams.ts'
import { type EventStore, MAX_APPEND_BYTES, type NewEvent } from '../../eventstore/port.ts'
import { type Backoff, backoffDelayMs } from '../../platform/backoff.ts'
import { type Clock, sleep } from '../../platform/clock.ts'
import { isAppError, messageOf } from '../../platform/errors.ts'
import { uuidV4 } from '../../platform/ids.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import { type Batch, type DerivedCommand, earliest, type Reactor } from './reactor.ts'

/**
 * The one writer of `control` (invariants I3, I4). One step: every reactor plans on the folded state, what they decided is
 * appended as one batch at the revision that was folded, and the next step begins once that batch is folded. A batch that
 * conflicts is discarded whole; a higher epoch seen ends leadership before anything more is appended.
 *
 * States: follower → (LeadershipTaken appended) leader → (higher epoch seen) deposed, which is final for this object.
 */
export type Leader = {
  /** Takes leadership, then steps until the signal aborts, somebody else leads, or the log cannot be read on. */
  readonly run: () => Promise<'stopped' | 'deposed' | 'halted'>
  /** One step, for the simulation: 'idle' when nothing was decided. */
  readonly step: () => Promise<'worked' | 'idle' | 'deposed'>
  readonly take: () => Promise<'leader' | 'deposed'>
  readonly isLeader: () => boolean
}

export type LeaderOptions = {
  readonly store: EventStore
  readonly view: ClusterView
  readonly commands: JobCommandHandler
  readonly reactors: readonly Reactor[]
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly address: string
  readonly signal: AbortSignal
}

const RETRY: Backoff = { firstMs: 50, maxMs: 5_000 }
/** The longest sleep without a change, ms: a wall clock that jumps is noticed within it. */
const MAX_IDLE_MS = 60_000
/** Room kept free in an append for the events' metadata. */
const MAX_BATCH_BYTES = MAX_APPEND_BYTES - 50_000

/** Nodes of one judgement that get a log line each. */
const MAX_NODES_TOLD = 20

/** Derived commands that were refused, remembered so that they are not tried again for ever. */
const MAX_REFUSED = 10_000

type Gathered = { readonly events: ControlEvent[]; readonly derived: DerivedCommand[] }

export const createLeader = (options: LeaderOptions): Leader => {
  const { store, view, clock, random, logger, signal } = options
  let epoch = 0
  let leadershipId = ''
  let changed: Changes | 'all' = 'all'
  let wake: () => void = () => {}
  const refused = new Set<string>()
  const stalled: ControlEvent[] = []

  view.onChanges(changes => {
    changed = changed === 'all' ? 'all' : merged(changed, changes)
    wake()
  })

  const isDeposed = (): boolean => epoch > 0 && view.state.epoch > epoch

  const provenanceOf = (causationId: string): Provenance => ({
    actor: `leader:${epoch}`,
    correlationId: causationId,
    causationId,
    at: clock.now(),
  })

  /** Appends to `control` at the folded revision; an outcome that is not known is found out by appending the same again (I6). */
  const append = async (events: readonly NewEvent[], expected: number): Promise<'appended' | 'conflict'> => {
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await store.append(CONTROL_STREAM, expected < 0 ? 'no-stream' : expected, events)
        if (result.kind === 'appended') await view.reached(result.position, CATCH_UP_TIMEOUT_MS)
        else await catchUp(store, view, CONTROL_STREAM, expected < 0 ? 'no-stream' : expected)
        return result.kind === 'appended' ? 'appended' : 'conflict'
      } catch (error) {
        if (signal.aborted || !isAppError(error) || isFinal(error.code)) throw error
        logger.warn({ code: error.code, error: error.message, attempt }, 'control append failed, will retry')
        await sleep(clock, backoffDelayMs(RETRY, attempt, random), signal)
        if (signal.aborted) throw error
      }
    }
  }

  const take: Leader['take'] = async () => {
    for (;;) {
      const next = view.state.epoch + 1
      const expected = view.state.controlRevision
      // Drawn anew for every try: of two that take the same epoch, the store must not take one for the other's repeat.
      const id = uuidV4(random)
      const event = encode(
        id,
        { type: 'LeadershipTaken', data: { epoch: next, address: options.address } },
        provenanceOf(id),
      )
      if ((await append([event], expected)) === 'conflict') continue
      epoch = next
      leadershipId = id
      changed = 'all'
      logger.info({ epoch }, 'leadership taken')
      return 'leader'
    }
  }

  const gather = (now: number): Gathered => {
    const gathered: Gathered = { events: [], derived: [] }
    const expected = view.state.controlRevision
    let bytes = 0
    const batch: Batch = {
      nextEventId: () => controlEventId(leadershipId, expected, gathered.events.length),
      add: event => {
        gathered.events.push(event)
        bytes += JSON.stringify(event.data).length
      },
      isFull: () => gathered.events.length >= MAX_CONTROL_BATCH || bytes >= MAX_BATCH_BYTES / 2,
      derive: command => {
        if (!refused.has(command.commandId)) gathered.derived.push(command)
      },
    }
    for (const event of stalled.splice(0)) batch.add(event)
    const seen = changed
    changed = noChanges()
    for (const reactor of options.reactors) reactor.plan({ state: view.state, changed: seen, now, epoch, batch })
    return gathered
  }

  const decide = async (events: readonly ControlEvent[]): Promise<void> => {
    const expected = view.state.controlRevision
    const encoded = events.map((event, index) => {
      const id = controlEventId(leadershipId, expected, index)
      return encode(id, event, provenanceOf(causeOf(event) ?? id))
    })
    const outcome = await append(encoded, expected)
    // Decided on a state that was not the newest: discarded whole, and everything is looked at again.
    if (outcome === 'conflict') changed = 'all'
    else tellJudged(events)
  }

  /** Losses are told to whoever watches the log: a storm of them above all. */
  const tellJudged = (events: readonly ControlEvent[]): void => {
    for (const event of events) {
      if (event.type !== 'NodesJudged') continue
      for (const { nodeId, judgement, cause } of event.data.nodes.slice(0, MAX_NODES_TOLD)) {
        if (judgement === 'ready') logger.info({ nodeId, cause }, 'node is back')
        else logger.warn({ nodeId, judgement, cause }, 'node lost')
      }
    }
  }

  const derive = async (command: DerivedCommand): Promise<void> => {
    const result = await options.commands({ ...command, provenance: provenanceOf(command.causationId) })
    if (result.kind === 'accepted') return view.reached(result.position, CATCH_UP_TIMEOUT_MS)
    logger.warn(
      { job: command.key, command: command.command.type, result: result.kind },
      'derived command was not accepted',
    )
    if (result.kind === 'contended') return
    const reason = describeJobRejection(result.rejection)
    if (refused.size >= MAX_REFUSED) refused.clear()
    refused.add(command.commandId)
    stalled.push({
      type: 'ReactorStalled',
      data: { reactor: command.command.type, key: command.commandId, attempts: 1, reason },
    })
  }

  const step: Leader['step'] = async () => {
    if (isDeposed()) return 'deposed'
    const gathered = gather(clock.now())
    if (gathered.events.length > 0) await decide(gathered.events)
    if (isDeposed()) return 'deposed'
    await Promise.all(gathered.derived.map(derive))
    return gathered.events.length + gathered.derived.length > 0 ? 'worked' : 'idle'
  }

  const idle = (): Promise<void> => {
    const now = clock.now()
    const next = earliest(options.reactors.flatMap(reactor => reactor.nextWake(view.state, now) ?? []))
    const delayMs = Math.min(MAX_IDLE_MS, Math.max(0, (next ?? now + MAX_IDLE_MS) - now))
    if (signal.aborted || (changed !== 'all' && hasAny(changed))) return Promise.resolve()
    return new Promise(resolve => {
      const finish = (): void => {
        cancel()
        wake = () => {}
        signal.removeEventListener('abort', finish)
        resolve()
      }
      const cancel = clock.after(delayMs, finish)
      wake = finish
      signal.addEventListener('abort', finish, { once: true })
    })
  }

  const lead = async (): Promise<'stopped' | 'deposed'> => {
    await take()
    while (!signal.aborted) {
      try {
        const outcome = await step()
        if (outcome === 'deposed') return 'deposed'
        if (outcome === 'idle') await idle()
      } catch (error) {
        if (signal.aborted) break
        if (!isAppError(error) || error.code === 'EVENT_UNKNOWN') throw error
        logger.error({ code: error.code, error: messageOf(error) }, 'leader step failed, will retry')
        changed = 'all'
        await sleep(clock, RETRY.maxMs / 5, signal)
      }
    }
    return 'stopped'
  }

  const run: Leader['run'] = async () => {
    try {
      return await lead()
    } catch (error) {
      if (!isAppError(error) || error.code !== 'EVENT_UNKNOWN') throw error
      logger.error({ code: error.code, error: error.message }, 'the log cannot be read on: the server decides nothing')
      return 'halted'
    }
  }

  return { run, step, take, isLeader: () => epoch > 0 && !isDeposed() && view.halted() === null }
}

/** Codes after which the same append would never be taken. */
const isFinal = (code: string): boolean => code === 'STORE_CLOSED' || code === 'EVENT_UNKNOWN'

const kinds = ['jobs', 'nodes', 'allocations', 'evaluations', 'deployments', 'services'] as const

const merged = (into: Changes, from: Changes): Changes => {
  for (const kind of kinds) for (const id of from[kind]) into[kind].add(id)
  return into
}

const hasAny = (changes: Changes): boolean => kinds.some(kind => changes[kind].size > 0)

/** What a decision answers, so that "why" is a walk along causes. */
const causeOf = (event: ControlEvent): string | null => {
  switch (event.type) {
    case 'PlanCommitted':
      return event.data.evaluationId
    case 'PeriodicRunsDecided':
      return event.data.runs[0]?.request ?? null
    case 'LeadershipTaken':
    case 'EvaluationsCreated':
    case 'EvaluationsUnblocked':
    case 'EvaluationsCancelled':
    case 'EvaluationsFailed':
    case 'NodesJudged':
    case 'DeploymentsAdvanced':
    case 'ReactorStalled':
    case 'Collected':
      return null
  }
}
