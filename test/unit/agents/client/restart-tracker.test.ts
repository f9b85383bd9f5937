import { describe, expect, it } from 'vitest'
import {
  decideRestart,
  newTracker,
  type RestartInput,
  restartsOnSuccess,
} from '../../../../src/agents/client/restart-tracker.ts'
import { seededRandom } from '../../../../src/platform/random.ts'

const policy = { attempts: 2, intervalMs: 60_000, delayMs: 10_000, mode: 'fail', rendersTemplates: false } as const

const decide = (overrides: Partial<RestartInput>) =>
  decideRestart({
    policy,
    tracker: newTracker,
    cause: { kind: 'exited', isSuccess: false },
    restartsOnSuccess: true,
    now: 1_000,
    random: { ...seededRandom(1), next: () => 0 },
    ...overrides,
  })

const spent = { count: 2, since: 500 }

describe('the restart tracker', () => {
  it('does not restart what was killed on request', () => {
    expect(decide({ cause: { kind: 'killed' }, tracker: spent }).decision).toEqual({ kind: 'killed' })
  })

  it('restarts on request at once and does not count it', () => {
    const { decision, tracker } = decide({
      cause: { kind: 'requested', reason: 'asked', isFailure: false },
      tracker: spent,
    })
    expect(decision).toEqual({ kind: 'restart', delayMs: 0, reason: 'asked' })
    expect(tracker).toBe(spent)
  })

  it('restarts on request even where the policy allows no attempts', () => {
    const none = { ...policy, attempts: 0 }
    const cause = { kind: 'requested', reason: 'asked', isFailure: false } as const
    expect(decide({ policy: none, cause }).decision.kind).toBe('restart')
  })

  it('fails a task when the policy allows no attempts, but not one that was to end well', () => {
    const none = { ...policy, attempts: 0 }
    const success = { kind: 'exited', isSuccess: true } as const
    expect(decide({ policy: none }).decision).toEqual({ kind: 'failed', reason: 'Policy allows no restarts' })
    expect(decide({ policy: none, cause: success, restartsOnSuccess: false }).decision.kind).toBe('finished')
    expect(decide({ policy: none, cause: success }).decision.kind).toBe('failed')
  })

  it('gives up on a start that cannot succeed', () => {
    const cause = { kind: 'start-failed', isRecoverable: false } as const
    expect(decide({ cause }).decision).toEqual({ kind: 'failed', reason: 'Error was unrecoverable' })
    expect(decide({ cause: { kind: 'start-failed', isRecoverable: true } }).decision.kind).toBe('restart')
  })

  it('lets a task that ended well rest where success is the end', () => {
    const decision = decide({ cause: { kind: 'exited', isSuccess: true }, restartsOnSuccess: false }).decision
    expect(decision).toEqual({
      kind: 'finished',
      reason: 'Restart unnecessary as task terminated successfully',
    })
  })

  it('counts restarts in an interval and begins a new one when that is over', () => {
    const first = decide({ now: 1_000 })
    expect(first.tracker).toEqual({ count: 1, since: 1_000 })
    const second = decide({ now: 61_000, tracker: first.tracker })
    expect(second.tracker).toEqual({ count: 2, since: 1_000 })
    expect(decide({ now: 61_001, tracker: second.tracker }).tracker).toEqual({ count: 1, since: 61_001 })
  })

  it('fails with the numbers in the reason when all attempts are used up', () => {
    expect(decide({ tracker: spent }).decision).toEqual({
      kind: 'failed',
      reason: 'Exceeded allowed attempts 2 in interval 1m0s and mode is "fail"',
    })
  })

  it('waits for the end of the interval in mode delay', () => {
    expect(decide({ tracker: spent, policy: { ...policy, mode: 'delay' }, now: 10_500 }).decision).toEqual({
      kind: 'restart',
      delayMs: 50_000,
      reason: 'Exceeded allowed attempts, applying a delay',
    })
  })

  it('adds at most a quarter of the delay by chance', () => {
    const at = (chance: number) => decide({ random: { ...seededRandom(1), next: () => chance } }).decision
    expect(at(0)).toMatchObject({ delayMs: 10_000, reason: 'Restart within policy' })
    expect(at(0.999_999)).toMatchObject({ delayMs: 12_500 })
  })

  it('counts a restart that a failing check asked for and keeps its reason', () => {
    const cause = { kind: 'requested', reason: 'unhealthy', isFailure: true } as const
    expect(decide({ cause }).decision).toMatchObject({ kind: 'restart', delayMs: 10_000, reason: 'unhealthy' })
    expect(decide({ cause, tracker: spent }).decision.kind).toBe('failed')
  })

  it('knows which tasks restart on success', () => {
    const ephemeral = { hook: 'prestart', isSidecar: false } as const
    const sidecar = { hook: 'poststart', isSidecar: true } as const
    expect(restartsOnSuccess('service', null)).toBe(true)
    expect(restartsOnSuccess('batch', null)).toBe(false)
    expect(restartsOnSuccess('service', ephemeral)).toBe(false)
    expect(restartsOnSuccess('batch', sidecar)).toBe(true)
  })
})
