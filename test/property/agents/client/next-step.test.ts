import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextStep, type Step, type TaskSituation } from '../../../../src/agents/client/next-step.ts'
import type { TaskPhase } from '../../../../src/agents/client/task-record.ts'

const handle = { driver: 'mock', id: 'a/web/1', state: null }
const exited = { kind: 'exited', exit: { exitCode: 0, signal: 0, isOomKilled: false } } as const

const phases: fc.Arbitrary<TaskPhase> = fc.constantFrom<TaskPhase>(
  { kind: 'waiting' },
  { kind: 'starting' },
  { kind: 'running', handle },
  { kind: 'ended', ending: exited, handle },
  { kind: 'ended', ending: exited, handle: null },
  { kind: 'ended', ending: { kind: 'lost' }, handle: null },
  { kind: 'ended', ending: { kind: 'start-failed', message: '', isRecoverable: true }, handle: null },
  { kind: 'backoff', until: 0, delayMs: 0 },
  { kind: 'dead', isFailed: false },
)

const situations: fc.Arbitrary<TaskSituation> = fc.record({
  wish: fc.constantFrom('hold', 'run', 'keep', 'stop'),
  record: fc.record({
    phase: phases,
    restart: fc.constantFrom(
      null,
      { startNumber: 1, reason: '', isFailure: false },
      { startNumber: 9, reason: '', isFailure: true },
    ),
    startNumber: fc.constant(1),
  }),
  isPrepared: fc.boolean(),
  isAttached: fc.boolean(),
  isDue: fc.boolean(),
  hasServer: fc.boolean(),
})

/** What a step leaves behind when all goes well: a model of the executors. */
const after = (situation: TaskSituation, step: Step): TaskSituation => {
  const moved = (phase: TaskPhase): TaskSituation => ({
    ...situation,
    record: { ...situation.record, phase, restart: null },
  })
  switch (step.kind) {
    case 'wait':
      return situation
    case 'prepare':
      return { ...situation, isPrepared: true }
    case 'begin':
      return moved({ kind: 'starting' })
    case 'start':
      return { ...moved({ kind: 'running', handle }), isAttached: true }
    case 'recover':
      return { ...situation, isAttached: true }
    case 'kill':
    case 'restart':
      return { ...moved({ kind: 'ended', ending: exited, handle }), isAttached: false }
    case 'discard':
      return moved({ kind: 'ended', ending: exited, handle: null })
    case 'judge':
      return moved(
        situation.wish === 'run' ? { kind: 'backoff', until: 0, delayMs: 0 } : { kind: 'dead', isFailed: false },
      )
    case 'abandon':
    case 'finish':
      return moved({ kind: 'dead', isFailed: false })
  }
}

describe('the next step of a task', () => {
  it('leads to rest in a few steps, dead when the task is to stop', () => {
    fc.assert(
      fc.property(situations, first => {
        let situation = first
        let steps = 0
        for (let step = nextStep(situation); step.kind !== 'wait'; step = nextStep(situation)) {
          situation = after(situation, step)
          steps += 1
          expect(steps).toBeLessThan(12)
        }
        if (first.wish === 'stop') expect(situation.record.phase.kind).toBe('dead')
        const isStartable = first.wish === 'run' && first.hasServer && first.isDue && first.record.phase.kind !== 'dead'
        if (isStartable) expect(situation.record.phase.kind).toBe('running')
      }),
    )
  })

  it('starts nothing before a server was heard, nor for a task that is not to run', () => {
    fc.assert(
      fc.property(situations, situation => {
        const step = nextStep(situation).kind
        if (!situation.hasServer || situation.wish !== 'run') expect(['start', 'begin']).not.toContain(step)
      }),
    )
  })

  it('never asks the driver to end what is not running', () => {
    fc.assert(
      fc.property(situations, situation => {
        const step = nextStep(situation).kind
        if (step === 'kill' || step === 'restart') expect(situation.record.phase.kind).toBe('running')
        if (situation.record.phase.kind === 'dead') expect(step).toBe('wait')
      }),
    )
  })
})
