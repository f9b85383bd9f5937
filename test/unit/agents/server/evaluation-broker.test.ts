import { beforeEach, describe, expect, it } from 'vitest'
import { FOLLOW_UP_AFTER_MS, FOLLOW_UP_SPREAD_MS, failureOf } from '../../../../src/agents/server/deliveries.ts'
import { createEvaluationBroker } from '../../../../src/agents/server/evaluation-broker.ts'
import type { Reactor } from '../../../../src/agents/server/reactor.ts'
import { createUnblocker } from '../../../../src/agents/server/unblocker.ts'
import type { ClusterState, JobState } from '../../../../src/domain/cluster/index.ts'
import type { ControlEvent } from '../../../../src/domain/control/events.ts'
import { uuidOf } from '../../../../src/domain/ids.ts'
import type { ConstraintOperator } from '../../../../src/domain/jobspec/schema.ts'
import { MAX_DELIVERIES, MAX_FAILURE_REASON_LENGTH } from '../../../../src/domain/limits.ts'
import { CONTROL_STREAM } from '../../../../src/domain/streams.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { buildEvaluation, buildJob, buildJobState, buildNode, buildState, T0 } from '../../../support/builders.ts'
import { fold } from '../../../support/diagrams.ts'

/** As if written by a version that knows more operators than this one: the scheduler throws on it. */
const unheardOf = { attribute: '${attr.x}', operator: 'sounds_like' as ConstraintOperator, value: 'y' }
const sound = buildJobState(buildJob({ id: 'sound', priority: 10 }))

let broken: JobState
let state: ClusterState
let broker: Reactor
beforeEach(() => {
  broken = buildJobState(buildJob({ id: 'broken', priority: 90, constraints: [unheardOf] }))
  const evaluations = [buildEvaluation(broken, { id: 'first' }), buildEvaluation(sound, { id: 'other' })]
  state = buildState({ jobs: [broken, sound], nodes: [buildNode()], evaluations })
  broker = createEvaluationBroker(silentLogger)
})

const ask = (reactor: Reactor, now: number): readonly ControlEvent[] => {
  const events: ControlEvent[] = []
  const batch = {
    nextEventId: () => uuidOf('test-plan', now, events.length),
    add: (event: ControlEvent) => void events.push(event),
    isFull: () => false,
    derive: () => {},
  }
  reactor.plan({ state, changed: 'all', now, epoch: 1, batch })
  for (const event of events) fold(state, CONTROL_STREAM, event)
  return events
}

const answered = (events: readonly ControlEvent[]): readonly string[] =>
  events.flatMap(event => (event.type === 'PlanCommitted' ? [event.data.evaluationId] : []))
const failed = (events: readonly ControlEvent[]) =>
  events.flatMap(event => (event.type === 'EvaluationsFailed' ? event.data.failures : []))

/** Lets the scheduler throw until it is given up, as often as the limit says. */
const giveUp = (from: number): readonly ControlEvent[] => {
  let now = from
  for (let tries = 1; tries < MAX_DELIVERIES; tries++) {
    expect(failed(ask(broker, now))).toEqual([])
    now = broker.nextWake(state, now) ?? Number.NaN
  }
  return ask(broker, now)
}

describe('an evaluation that the scheduler throws on', () => {
  it('does not keep those of other jobs from their answer, however urgent it is', () => {
    expect(answered(ask(broker, T0))).toEqual(['other'])
    expect(state.evaluations.get('first')?.status).toBe('pending')
  })

  it('is tried again after a second, then after twenty, and not before', () => {
    ask(broker, T0)
    expect(broker.nextWake(state, T0)).toBe(T0 + 1_000)
    expect(broker.nextWake(state, T0 + 999)).toBe(T0 + 1_000)
    ask(broker, T0 + 1_000)
    expect(broker.nextWake(state, T0 + 1_000)).toBe(T0 + 21_000)
    expect(ask(broker, T0 + 20_999)).toEqual([])
    expect(failed(ask(broker, T0 + 21_000))).toHaveLength(1)
  })

  it('fails with its cause once it was tried as often as the limit says, and a later one follows it up', () => {
    const [failure, ...more] = failed(giveUp(T0))
    expect(more).toEqual([])
    expect(failure?.evaluationId).toBe('first')
    expect(failure?.reason).toMatch(/^evaluation reached delivery limit \(3\): .+/)
    const { waitUntil = 0, ...followUp } = failure?.followUp ?? {}
    expect(followUp).toMatchObject({ jobId: 'broken', trigger: 'failed-follow-up', priority: 90, previousId: 'first' })
    const delayMs = waitUntil - T0 - 21_000
    expect(delayMs).toBeGreaterThanOrEqual(FOLLOW_UP_AFTER_MS)
    expect(delayMs).toBeLessThanOrEqual(FOLLOW_UP_AFTER_MS + FOLLOW_UP_SPREAD_MS)
    expect(state.evaluations.get('first')).toMatchObject({ status: 'failed', nextId: failure?.followUp?.evaluationId })
    expect(broker.nextWake(state, T0 + 21_000)).toBe(waitUntil)
  })

  it('is counted anew by the next leader', () => {
    ask(broker, T0)
    ask(broker, T0 + 1_000)
    broker = createEvaluationBroker(silentLogger)
    expect(failed(giveUp(T0 + 30_000))).toHaveLength(1)
  })

  it('holds up the others of its job until it has failed; then the newest of them is tried', () => {
    ask(broker, T0)
    for (const id of ['older', 'newest']) {
      const createdPosition = state.evaluations.size
      const waiting = buildEvaluation(broken, { id, priority: 100, createdPosition })
      state.evaluations.set(id, waiting)
      state.pending.add(id)
    }
    const events = ask(broker, T0 + 500)
    expect(events).toEqual([
      {
        type: 'EvaluationsCancelled',
        data: { evaluationIds: ['older'], reason: 'a newer evaluation of the job waits' },
      },
    ])
    ask(broker, T0 + 1_000)
    expect(failed(ask(broker, T0 + 21_000)).map(({ evaluationId }) => evaluationId)).toEqual(['first'])
    expect(state.evaluations.get('newest')?.status).toBe('pending')
    expect(failed(giveUp(T0 + 21_000)).map(({ evaluationId }) => evaluationId)).toEqual(['newest'])
  })

  it('is tried again at once when its job was changed', () => {
    ask(broker, T0)
    broken.spec = buildJob({ id: 'broken' })
    broken.revision += 1
    expect(broker.nextWake(state, T0 + 1)).toBe(T0 + 1)
    expect(answered(ask(broker, T0 + 1))).toEqual(['first'])
  })

  it('does not wait for a clock that was set back', () => {
    ask(broker, T0)
    expect(broker.nextWake(state, T0 - 3_600_000)).toBe(T0 - 3_600_000)
  })

  it('fails at once where room for it is looked for', () => {
    state.pending.delete('first')
    state.blocked.add('first')
    const evaluation = state.evaluations.get('first')
    if (evaluation !== undefined) evaluation.status = 'blocked'
    const [failure] = failed(ask(createUnblocker(silentLogger), T0))
    expect(failure?.reason).toMatch(/^room for it could not be looked for: .+/)
    expect(evaluation?.status).toBe('failed')
    expect(state.pending.has(failure?.followUp?.evaluationId ?? '')).toBe(true)
  })
})

it('of the evaluations of a job that wait, the newest is kept, and what a user forced', () => {
  const add = (id: string, createdPosition: number, forcesReschedule: boolean): void => {
    state.evaluations.set(id, buildEvaluation(sound, { id, createdPosition, forcesReschedule }))
    state.pending.add(id)
  }
  add('forced', 2, true)
  add('needless', 3, false)
  add('newest', 4, false)
  const cancelled = ask(broker, T0).flatMap(event =>
    event.type === 'EvaluationsCancelled' ? event.data.evaluationIds : [],
  )
  expect(cancelled).toEqual(['needless'])
})

describe('the recorded cause of a failure', () => {
  const reasonOf = (length: number): string =>
    failureOf(buildEvaluation(sound), { error: new Error('x'.repeat(length)), tries: 'tries', now: T0 }).reason

  it.each([-1, 0, 1])('is cut at its limit (%i around it)', around => {
    const text = MAX_FAILURE_REASON_LENGTH - 'tries: '.length + around
    expect(reasonOf(text)).toHaveLength(MAX_FAILURE_REASON_LENGTH + Math.min(0, around))
  })
})
