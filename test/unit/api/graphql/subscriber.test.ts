import { expect, test } from 'vitest'
import { MAX_STALL_MS, MAX_WAITING_BYTES, MAX_WAITING_CHANGES } from '../../../../src/api/graphql/limits.ts'
import { createOutlet } from '../../../../src/api/graphql/subscriber.ts'
import type { Clock } from '../../../../src/platform/clock.ts'

type Timer = { readonly delayMs: number; readonly run: () => void }

/** An outlet whose connection takes what the test tells it to, and whose timers the test rings. */
const open = () => {
  const timers = new Set<Timer>()
  const clock: Clock = {
    now: () => 0,
    monotonicMs: () => 0,
    after: (delayMs, run) => {
      const timer = { delayMs, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
  }
  const untaken: (() => void)[] = []
  const outlet = createOutlet(clock, (_text, taken) => untaken.push(taken))
  return { outlet, untaken, timers, signal: new AbortController().signal }
}

test('there is room while less waits than the limit, counted in changes', async () => {
  const { outlet, timers, signal } = open()
  outlet.push('x', MAX_WAITING_CHANGES - 1)
  await outlet.room(signal)
  outlet.push('x', 1)
  let hasRoom = false
  const waiting = outlet.room(signal).then(() => {
    hasRoom = true
  })
  await Promise.resolve()
  expect(hasRoom).toBe(false)
  expect([...timers].map(timer => timer.delayMs)).toEqual([MAX_STALL_MS])
  void waiting
})

test('there is room while less waits than the limit, counted in bytes', async () => {
  const { outlet, untaken, signal } = open()
  outlet.push('x'.repeat(MAX_WAITING_BYTES - 1), 1)
  await outlet.room(signal)
  outlet.push('x', 1)
  const waiting = outlet.room(signal)
  untaken[0]?.()
  await waiting
  expect(outlet.waiting()).toEqual({ changes: 1, bytes: 1 })
})

test('a connection that takes nothing for too long is given up', async () => {
  const { outlet, timers, signal } = open()
  outlet.push('x', MAX_WAITING_CHANGES)
  const waiting = outlet.room(signal)
  for (const timer of timers) timer.run()
  await expect(waiting).rejects.toMatchObject({ code: 'OVERLOADED' })
})

test('one that takes a little is given more time', async () => {
  const { outlet, untaken, timers, signal } = open()
  outlet.push('x', MAX_WAITING_CHANGES)
  outlet.push('x', 1)
  const waiting = outlet.room(signal)
  untaken[1]?.()
  await Promise.resolve()
  await Promise.resolve()
  expect(timers.size).toBe(1)
  untaken[0]?.()
  await waiting
})

test('nobody waits any longer once the subscription ends', async () => {
  const { outlet } = open()
  const stop = new AbortController()
  outlet.push('x', MAX_WAITING_CHANGES)
  const waiting = outlet.room(stop.signal)
  stop.abort()
  await waiting
})
