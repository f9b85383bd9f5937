import { createProcessClock, type ProcessClock, type SimTime } from './virtual-clock.ts'

/** One operating-system process: once killed, none of its timers fires and nothing that it asked for is answered. */
export type SimProcess = {
  readonly name: string
  readonly clock: ProcessClock
  readonly isAlive: () => boolean
  readonly onKill: (listener: () => void) => void
  readonly kill: () => void
}

export const createSimProcess = (name: string, time: SimTime): SimProcess => {
  const clock = createProcessClock(time)
  const listeners: (() => void)[] = []
  let isAlive = true
  return {
    name,
    clock,
    isAlive: () => isAlive,
    onKill: listener => void listeners.push(listener),
    kill: () => {
      if (!isAlive) return
      isAlive = false
      clock.halt()
      for (const listener of listeners) listener()
    },
  }
}
