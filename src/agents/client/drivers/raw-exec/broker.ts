import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Clock, sleep } from '../../../../platform/clock.ts'
import { AppError, messageOf, systemCodeOf } from '../../../../platform/errors.ts'
import { isAlive, killProcesses, type LabelledProcess, readOwnIdentity } from './process-identity.ts'
import { brokerScript, collectorScript, holderScript, QUIT_REQUEST } from './shell-scripts.ts'

/**
 * The agent's end of the broker: a small process in a session of its own that starts holders, so that the agent, whose
 * memory may be large, never forks for a task. It outlives the agent, which finds it again by its FIFO.
 */

/** A broker that has not opened its FIFO after this long is not going to. */
const BROKER_START_TIMEOUT_MS = 10_000
const FIRST_LOOK_MS = 2
const LONGEST_LOOK_MS = 50

export type Broker = {
  /** Starts the broker unless one answers already. Throws AppError DRIVER_UNREACHABLE when it cannot be had. */
  readonly ensure: () => Promise<void>
  /** Asks for the start of the start directory `key`. Asking twice starts once. */
  readonly requestStart: (key: string) => Promise<void>
  /** Ends the broker; tasks and their holders run on. */
  readonly quit: () => Promise<void>
}

/** Writes one request. False when no broker has the FIFO open. */
const send = async (fifo: string, request: string): Promise<boolean> => {
  try {
    const file = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
    try {
      // Less than PIPE_BUF, so that it arrives in one piece.
      await file.write(`${request}\n`)
      return true
    } finally {
      await file.close()
    }
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ENXIO' || code === 'ENOENT' || code === 'EPIPE') return false
    throw error
  }
}

/**
 * Writes the shell programs under names of their content: a shell reads its program bit by bit, so a file that a running
 * holder has open is never written again, whatever version of the agent comes next.
 */
const writeScripts = async (directory: string): Promise<{ broker: string; holder: string; collector: string }> => {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const write = async (name: string, text: string): Promise<string> => {
    const digest = createHash('sha256').update(text).digest('hex').slice(0, 12)
    const path = join(directory, `${name}-${digest}.sh`)
    const isThere = await stat(path).then(
      () => true,
      () => false,
    )
    if (isThere) return path
    await writeFile(`${path}.new`, text, { mode: 0o600 })
    await rename(`${path}.new`, path)
    return path
  }
  return {
    broker: await write('broker', brokerScript),
    holder: await write('holder', holderScript),
    collector: await write('collector', collectorScript),
  }
}

/** In the environment of a broker: the agent that started it and the broker's directory, `PID:STARTTICKS:DIRECTORY`. */
export const BROKER_VARIABLE = 'MUSTER_BROKER'

const launch = async (directory: string): Promise<void> => {
  const owner = await readOwnIdentity()
  for (const name of ['starts', 'ends']) await mkdir(join(directory, name), { recursive: true, mode: 0o700 })
  const scripts = await writeScripts(join(directory, 'scripts'))
  const child = spawn('/bin/sh', [scripts.broker, directory, scripts.holder, scripts.collector], {
    cwd: '/',
    detached: true,
    stdio: 'ignore',
    env: {
      [BROKER_VARIABLE]: `${owner.pid}:${owner.startTicks}:${directory}`,
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    },
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  child.unref()
}

/**
 * Ends the brokers of other directories whose agents are dead. Tasks do not notice; an agent that had taken such a broker
 * over starts another one when it needs it.
 */
export const endForsakenBrokers = async (
  ownDirectory: string,
  processes: readonly LabelledProcess[],
  clock: Clock,
): Promise<void> => {
  const forsaken: number[] = []
  for (const { pid, values } of processes) {
    const value = values.get(BROKER_VARIABLE)
    if (value === undefined) continue
    const [ownerPid = '', startTicks = '', ...rest] = value.split(':')
    if (rest.join(':') === ownDirectory || (await isAlive({ pid: Number(ownerPid), startTicks }))) continue
    forsaken.push(pid)
  }
  await killProcesses(forsaken, clock)
}

/** `directory` is absolute and the broker's own. */
export const createBroker = (directory: string, clock: Clock): Broker => {
  const fifo = join(directory, 'broker.fifo')
  let starting: Promise<void> | undefined

  const answers = async (): Promise<boolean> => send(fifo, '')

  const startBroker = async (): Promise<void> => {
    if (await answers()) return
    try {
      await launch(directory)
    } catch (error) {
      throw new AppError(
        'DRIVER_UNREACHABLE',
        `cannot start the raw_exec broker in ${directory}: ${messageOf(error)}`,
        {
          cause: error,
          hint: 'the agent needs /bin/sh, setsid and mkfifo, and its state directory must be writable',
        },
      )
    }
    const deadlineMs = clock.monotonicMs() + BROKER_START_TIMEOUT_MS
    for (let delayMs = FIRST_LOOK_MS; !(await answers()); delayMs = Math.min(delayMs * 2, LONGEST_LOOK_MS)) {
      if (clock.monotonicMs() > deadlineMs) {
        throw new AppError('DRIVER_UNREACHABLE', `the raw_exec broker in ${directory} does not answer`, {
          hint: 'the agent needs setsid and mkfifo on its PATH, and a state directory whose file system has FIFOs',
        })
      }
      await sleep(clock, delayMs)
    }
  }

  const ensure = (): Promise<void> => {
    starting ??= startBroker().finally(() => {
      starting = undefined
    })
    return starting
  }

  return {
    ensure,
    requestStart: async key => {
      if (await send(fifo, `start ${key}`)) return
      await ensure()
      if (await send(fifo, `start ${key}`)) return
      throw new AppError('DRIVER_UNREACHABLE', `the raw_exec broker in ${directory} ended while a task was started`, {
        hint: 'the start is tried again; look for what ends processes of the agent',
      })
    },
    quit: async () => {
      // One that is about to be there would not hear it.
      await starting?.catch(() => undefined)
      await send(fifo, QUIT_REQUEST)
    },
  }
}
