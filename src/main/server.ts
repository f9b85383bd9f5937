import { type CollectionRules, DEFAULT_COLLECTION } from '../agents/server/garbage-collector.ts'
import { createLeader, type Leader } from '../agents/server/leader.ts'
import { createLinkHub, type LinkHub } from '../agents/server/link-hub.ts'
import { createLiveness, DEFAULT_HEARTBEATS, type HeartbeatRules, type Liveness } from '../agents/server/liveness.ts'
import type { OpenSealed } from '../agents/server/node-feed.ts'
import { nextLaunch } from '../agents/server/periodic-dispatcher.ts'
import { createReactors } from '../agents/server/registry.ts'
import type { Commands } from '../app/api-commands.ts'
import type { ClusterView, ViewObserver } from '../app/cluster-view.ts'
import { createClusterView } from '../app/cluster-view.ts'
import { createCommands } from '../app/create-commands.ts'
import { createJobCommandHandler } from '../app/job-commands.ts'
import { createOpener, createSourceStore, type SourceStore } from '../app/source-store.ts'
import type { EventStore } from '../eventstore/port.ts'
import type { JobFileParser } from '../jobspec/index.ts'
import { type Clock, untilAborted } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import type { Sealer } from '../platform/sealing.ts'

export type ServerOptions = {
  readonly store: EventStore
  readonly sealer: Sealer
  readonly parse: JobFileParser
  readonly observers: readonly ViewObserver[]
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly address: string
  readonly region: string
  readonly heartbeats?: Partial<HeartbeatRules>
  readonly collection?: Partial<CollectionRules>
}

/** One server: the state that follows the log, the leader's reactors, the nodes' links and the commands of the API. */
export type Server = {
  readonly view: ClusterView
  readonly hub: LinkHub
  readonly liveness: Liveness
  readonly leader: Leader
  readonly commands: Commands
  readonly sources: SourceStore
  readonly open: OpenSealed
  /** Resolves when the server has led until it was stopped; rejects on a broken invariant or a log that cannot be read. */
  readonly done: Promise<void>
  readonly stop: () => Promise<void>
}

/** Nothing may be recorded on a state that stands still before the log's end. */
const refusingWhenHalted = (store: EventStore, view: ClusterView): EventStore => {
  const requireWhole = (): void => {
    const error = view.halted()
    if (error !== null) throw error
  }
  return {
    ...store,
    append: async (...args) => {
      requireWhole()
      return store.append(...args)
    },
    appendBatch: async appends => {
      requireWhole()
      return store.appendBatch(appends)
    },
  }
}

/** Puts a server together and starts it. Resolves once the log is folded and leadership is on its way. */
export const startServer = async (options: ServerOptions): Promise<Server> => {
  const { sealer, clock, random, logger } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const view = createClusterView({ store: options.store, clock, signal, observers: options.observers })
  const store = refusingWhenHalted(options.store, view)
  const sources = createSourceStore(store, sealer)
  const open = createOpener(sources, sealer)
  const liveness = createLiveness(clock, { ...DEFAULT_HEARTBEATS, ...options.heartbeats })
  const handle = createJobCommandHandler(store, view)
  const hub = createLinkHub({ store, view, clock, logger, liveness, open, region: options.region })
  await Promise.race([view.caughtUp, view.done])
  liveness.restart()
  const leader = createLeader({
    store,
    view,
    commands: handle,
    reactors: createReactors(liveness, logger.child({ component: 'leader' }), {
      ...DEFAULT_COLLECTION,
      ...options.collection,
    }),
    clock,
    random,
    logger: logger.child({ component: 'leader' }),
    address: options.address,
    signal,
  })
  const commands = createCommands({
    store,
    view,
    handle,
    parse: options.parse,
    sealer,
    sources,
    clock,
    random,
    nextLaunch,
  })
  // A server that cannot read on stays, to show what it knows.
  const leading = leader.run().then(outcome => (outcome === 'halted' ? untilAborted(signal) : undefined))
  const done = Promise.race([leading, view.done]).then(() => {})
  return {
    view,
    hub,
    liveness,
    leader,
    commands,
    sources,
    open,
    done,
    stop: async () => {
      hub.close()
      stopping.abort()
      await Promise.allSettled([leading, view.done])
    },
  }
}
