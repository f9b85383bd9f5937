import type { ClearJob } from '../../src/domain/jobspec/schema.ts'
import type { JobFileParser } from '../../src/jobspec/index.ts'
import { type Server, startServer } from '../../src/main/server.ts'
import { createMemoryKeyring } from '../../src/platform/keyring.ts'
import type { Logger } from '../../src/platform/logger.ts'
import { createSealer } from '../../src/platform/sealing.ts'
import type { Chance } from './chance.ts'
import type { SimNetwork } from './network.ts'
import { createSimProcess, type SimProcess } from './sim-process.ts'
import type { SimStore } from './sim-store.ts'
import type { SimTime } from './virtual-clock.ts'

export type RunningServer = { readonly process: SimProcess; readonly server: Server }

/** The machine that servers run on, one generation after the other over the same store. */
export type ServerHost = {
  /** The newest server, null while none is up. */
  readonly current: () => RunningServer | null
  /** Starts the next generation; what the one before was doing goes on until it is killed. */
  readonly start: () => void
  readonly kill: () => void
  readonly stepClock: (offsetMs: number) => void
  readonly generation: () => number
  /** How long the current server has been up, ms; 0 when none is. */
  readonly upMs: () => number
  /** Set when a server that was not killed ended by itself: a broken invariant. */
  readonly crash: () => string | null
}

export type ServerHostOptions = {
  readonly time: SimTime
  readonly chance: Chance
  readonly store: SimStore
  readonly network: SimNetwork
  readonly logger: Logger
}

/** Jobs come as the JSON of what a parser would have made of a file: the languages have tests of their own. */
const parse: JobFileParser = async input => ({ ok: true, job: JSON.parse(input.source) as ClearJob, warnings: [] })

export const createServerHost = ({ time, chance, store, network, logger }: ServerHostOptions): ServerHost => {
  const keyring = createMemoryKeyring(chance.fork('keyring').random)
  let generation = 0
  let process: SimProcess | null = null
  let current: RunningServer | null = null
  let crash: string | null = null
  let offsetMs = 0
  let upSinceMs = 0

  const run = async (own: SimProcess): Promise<void> => {
    const { random } = chance.fork(own.name)
    const server = await startServer({
      store: store.openFor(own),
      sealer: createSealer({ keyring, random }),
      parse,
      observers: [],
      clock: own.clock,
      random,
      logger: logger.child({ server: own.name }),
      address: own.name,
      region: 'global',
    })
    own.onKill(() => void server.stop())
    server.done.then(
      () => own.kill(),
      (error: unknown) => {
        if (own.isAlive())
          crash ??= `${own.name} ended: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
        own.kill()
      },
    )
    if (!own.isAlive()) {
      void server.stop()
      return
    }
    current = { process: own, server }
    upSinceMs = time.elapsedMs()
    network.listen(own, server.hub.accept)
  }

  return {
    current: () => (current?.process.isAlive() === true ? current : null),
    generation: () => generation,
    upMs: () => (current?.process.isAlive() === true ? time.elapsedMs() - upSinceMs : 0),
    crash: () => crash,
    kill: () => process?.kill(),
    stepClock: next => {
      offsetMs = next
      process?.clock.stepTo(next)
    },
    start: () => {
      generation += 1
      const own = createSimProcess(`server-${generation}`, time)
      own.clock.stepTo(offsetMs)
      process = own
      run(own).catch((error: unknown) => {
        if (own.isAlive())
          crash ??= `${own.name} could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
      })
    },
  }
}
