import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isAppError } from '../../src/platform/errors.ts'
import { type Api, createApi } from '../../src/protocol/sdk.ts'
import { root } from '../support/source-tree.ts'

/** One agent over a data directory, as often as it is killed, and the file that says where it shall die. */
export type AgentHost = {
  readonly api: Api
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
  /** How often it ended by SIGKILL. */
  readonly deaths: () => number
  readonly stop: () => Promise<void>
  /** Asks until it is answered, starting the agent again where it died: as a user who means it would. */
  readonly ask: <T>(run: (api: Api) => Promise<T>) => Promise<T>
}

/** A start that does not come about after so many deaths on the way is a fault of the agent. */
const MAX_STARTS = 20
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

export const createAgentHost = (folder: string, port: number): AgentHost => {
  const control = join(folder, 'crash-point')
  const logPath = join(folder, 'agent.log')
  const api = createApi({ address: `http://127.0.0.1:${port}`, timeoutMs: 20_000 })
  let child: ChildProcess | undefined
  let deaths = 0
  let ordered = 0
  let deathsBefore = 0

  const isUp = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null
  const log = (): string => (existsSync(logPath) ? readFileSync(logPath, 'utf8') : '')

  const launch = (): void => {
    const output = openSync(logPath, 'a')
    const args = ['agent', '-dev', '-http-port', String(port), '-data-dir', join(folder, 'data')]
    child = spawn(join(root, 'bin/muster'), args, { env: environment(control), stdio: ['ignore', output, output] })
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
      const health = await api.json<unknown>('/v1/agent/health').catch(() => undefined)
      if (health !== undefined) return true
      if (performance.now() > deadline) throw new Error(`the agent does not serve:\n${log().slice(-4_000)}`)
      await pause(POLL_MS)
    }
    return false
  }

  const ensureUp: AgentHost['ensureUp'] = async () => {
    for (let attempt = 0; attempt < MAX_STARTS; attempt += 1) {
      if (!isUp()) launch()
      if (await serves()) return
      if (child?.signalCode !== 'SIGKILL') throw new Error(`the agent ended by itself:\n${log().slice(-4_000)}`)
    }
    throw new Error(`the agent did not come up in ${MAX_STARTS} starts`)
  }

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (!isUp() || child === undefined) return
    const ended = new Promise(resolve => child?.once('exit', resolve))
    child.kill(signal)
    await ended
  }

  return {
    api,
    log,
    ensureUp,
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
    deaths: () => deaths,
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
    ask: async run => {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await run(api)
        } catch (error) {
          if (!isAppError(error) || attempt > 2 * MAX_STARTS) throw error
          await ensureUp()
        }
      }
    },
  }
}
