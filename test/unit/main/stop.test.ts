import { describe, expect, it } from 'vitest'
import { STOP_TIMEOUT_MS, stopWithin } from '../../../src/main/stop.ts'
import { createLogger } from '../../../src/platform/logger.ts'
import { createManualClock } from '../../support/manual-clock.ts'

/** An agent that takes this long to stop, and what became of it. */
const stopping = async (tookMs: number) => {
  const clock = createManualClock()
  const seen: string[] = []
  const stopped = stopWithin({
    clock,
    logger: createLogger({ level: 'info', write: line => void seen.push(JSON.parse(line).msg) }),
    timeoutMs: STOP_TIMEOUT_MS,
    stop: () =>
      new Promise<void>(resolve => {
        clock.after(tookMs, resolve)
      }),
    leave: () => void seen.push('left'),
  })
  await clock.advance(Math.max(tookMs, STOP_TIMEOUT_MS) + 1)
  await stopped
  return { clock, seen }
}

const late = ['the agent did not stop in time and leaves as it is', 'left']

describe('an agent that was told to stop', () => {
  it('may take as long as the limit says', async () => {
    expect((await stopping(STOP_TIMEOUT_MS - 1)).seen).toEqual([])
    expect((await stopping(STOP_TIMEOUT_MS)).seen).toEqual([])
  })

  it('leaves as it is after that', async () => {
    expect((await stopping(STOP_TIMEOUT_MS + 1)).seen).toEqual(late)
  })

  it('leaves when something keeps the process that long after all is stopped', async () => {
    const { clock, seen } = await stopping(0)
    await clock.advance(STOP_TIMEOUT_MS)
    expect(seen).toEqual(late)
  })
})
