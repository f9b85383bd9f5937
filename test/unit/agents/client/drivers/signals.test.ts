import { describe, expect, it } from 'vitest'
import { parseSignal, signalOfExitCode } from '../../../../../src/agents/client/drivers/signals.ts'

describe('signals', () => {
  it.each(['SIGHUP', 'hup', 'HUP', 'sighup'])('are understood as %s', name => {
    expect(parseSignal(name)).toBe('SIGHUP')
  })

  it('that this system does not have are refused by name', () => {
    expect(() => parseSignal('SIGNOPE')).toThrow('cannot send signal "SIGNOPE"')
  })

  it.each([
    [0, 0],
    [128, 0],
    [129, 1],
    [137, 9],
    [192, 64],
    [193, 0],
    [255, 0],
  ])('are read out of exit status %i as %i', (exitCode, signal) => {
    expect(signalOfExitCode(exitCode)).toBe(signal)
  })
})
