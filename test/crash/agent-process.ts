import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createApi } from '../../src/protocol/sdk.ts'
import { root } from '../support/source-tree.ts'

/** One agent's process over its data directory, as often as it is killed, and the file that says where it shall die. */
export type AgentProcess = {
  readonly dataDir: string
  readonly log: () => string
  /** Starts it unless it is up, and waits until it serves; one that dies on the way is started again. */
  readonly ensureUp: () => Promise<void>
  /** It dies the counts[0]-th time that it reaches the point, then again the counts[1]-th time, and so on. */
  readonly arm: (point: string, counts: readonly number[]) => void
  /** Nothing more is ordered. Answers how many deaths came about since it was armed. */
  readonly disarm: () => number
  readonly kill: () => Promise<void>
  /** Waits for the next death that was ordered; false when none is, or it has not come about after `timeoutMs`. */
  readonly hasDied: (timeoutMs: number) => Promise<boolean>
  readonly stop: () => Promise<void>
}

/** A start that does not come about after so many deaths on the way is a fault of the agent. */
export const MAX_STARTS = 20
/** Machines that run tests may be very busy. */
const SERVES_WITHIN_MS = 120_000
const POLL_MS = 10

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

const environment = (control: string): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(NOMAD|MUSTER)_/.test(name))),
  NODE_OPTIONS: `--require=${join(import.meta.dirname, 'hooks.cjs')}`,
  MUSTER_TEST_CRASH: control,
})

/** `args` say what it is beside its port and data directory. */
export const createAgentProcess = (folder: string, port: number, args: readonly string[]): AgentProcess => {
  const control = `${folder}.crash-point`
  const logPath = `${folder}.log`
  const api = createApi({ address: `http://127.0.0.1:${port}` })
  let child: ChildProcess | undefined
  let deaths = 0
  let ordered = 0
  let deathsBefore = 0

  const isUp = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null
  const log = (): string => (existsSync(logPath) ? readFileSync(logPath, 'utf8') : '')

  const launch = (): void => {
    const output = openSync(logPath, 'a')
    const all = ['agent', '-dev', ...args, '-http-port', String(port), '-data-dir', folder]
    child = spawn(join(root, 'bin/muster'), all, { env: environment(control), stdio: ['ignore', output, output] })
    closeSync(output)
    child.once('exit', (code, signal) => {
      if (signal === 'SIGKILL') deaths += 1
      else if (code !== 0) writeFileSync(logPath, `the agent ended with ${code ?? signal}\n`, { flag: 'a' })
    })
  }

  /** False when it died before it served. */
  const serves = async (): Promise<boolean> => {
    const deadline = performance.now() + SERVES_WITHIN_MS
    while (isUp()) {
      const self = await api.json<unknown>('/v1/agent/self').catch(() => undefined)
      if (self !== undefined) return true
      if (performance.now() > deadline) throw new Error(`the agent does not serve:\n${log().slice(-4_000)}`)
      await pause(POLL_MS)
    }
    return false
  }

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!isUp() || child === undefined) return
    const ended = new Promise(resolve => child?.once('exit', resolve))
    child.kill(signal)
    await ended
  }

  return {
    dataDir: folder,
    log,
    ensureUp: async () => {
      for (let attempt = 0; attempt < MAX_STARTS; attempt += 1) {
        if (!isUp()) launch()
        if (await serves()) return
        if (child?.signalCode !== 'SIGKILL') throw new Error(`the agent ended by itself:\n${log().slice(-4_000)}`)
      }
      throw new Error(`the agent did not come up in ${MAX_STARTS} starts`)
    },
    arm: (point, counts) => {
      ordered = counts.length
      deathsBefore = deaths
      writeFileSync(control, counts.map(count => `${point} ${count}`).join('\n'))
    },
    disarm: () => {
      rmSync(control, { force: true })
      return deaths - deathsBefore
    },
    kill: () => end('SIGKILL'),
    hasDied: async timeoutMs => {
      const deadline = performance.now() + timeoutMs
      const isOrdered = (): boolean => deaths - deathsBefore < ordered
      while (isOrdered() && performance.now() < deadline) {
        if (!isUp()) return true
        await pause(POLL_MS)
      }
      return !isUp()
    },
    stop: async () => {
      await end('SIGTERM')
      api.close()
    },
  }
}
