import { constants } from 'node:os'
import { fullSignalName } from '../../../domain/signal-name.ts'
import { AppError } from '../../../platform/errors.ts'

/** A shell and Docker both report a task that a signal ended as 128 plus the signal's number. */
const SIGNAL_EXIT_BASE = 128
const HIGHEST_SIGNAL = 64

const isSignalName = (name: string): name is NodeJS.Signals => Object.hasOwn(constants.signals, name)

/**
 * The signal that a job file names: `SIGHUP`, `hup` and `HUP` are the same. Throws AppError DRIVER_FAILED for a name
 * that this system does not have.
 */
export const parseSignal = (name: string): NodeJS.Signals => {
  const full = fullSignalName(name)
  if (isSignalName(full)) return full
  throw new AppError('DRIVER_FAILED', `cannot send signal ${JSON.stringify(name)}: this system has no such signal`, {
    hint: 'name a signal such as SIGTERM, SIGINT or SIGHUP',
  })
}

export const signalNumber = (signal: NodeJS.Signals): number => constants.signals[signal]

/**
 * The number of the signal that an exit status means, 0 for none. A program that by itself exits with 129 to 192 cannot
 * be told from one that a signal ended.
 */
export const signalOfExitCode = (exitCode: number): number =>
  exitCode > SIGNAL_EXIT_BASE && exitCode <= SIGNAL_EXIT_BASE + HIGHEST_SIGNAL ? exitCode - SIGNAL_EXIT_BASE : 0

export const exitCodeOfSignal = (signal: number): number => SIGNAL_EXIT_BASE + signal
