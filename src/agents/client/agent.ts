import { within } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import { LINK_PROTOCOL, type ServerMessage } from '../../protocol/client-link.ts'
import type { ClientAgentOptions } from './agent-options.ts'
import { createAnswerer } from './answer-request.ts'
import { coreMhzOf } from './fingerprint/cpu.ts'
import { createFingerprinter } from './fingerprint/index.ts'
import { identify } from './identity.ts'
import { DEFAULT_CLIENT_LIMITS, MAX_DESIRED_WAITING } from './limits.ts'
import { nodeViewOf, registrationOf } from './node-config.ts'
import { createReaper, isRecordedStart, type Reaper } from './reaper.ts'
import { createReporter, type Reporter } from './reporter.ts'
import { createServerLink, type ServerLinkSupervisor } from './server-link.ts'
import { createServiceCatalog } from './service-catalog.ts'
import { type NodeIdentity, noReport } from './state-store.ts'
import { stateUntilCrash } from './state-until-crash.ts'
import { findStrays, type Strays } from './strays.ts'
import { createSupervisor, type Supervisor } from './supervisor.ts'
import type { AgentServices } from './task-context.ts'
import { createTaskTemplates } from './templates/task-templates.ts'
import { createUsageMeter } from './usage/usage-meter.ts'

export type StopOptions = { readonly endsTasks: boolean; readonly leaves?: boolean; readonly timeoutMs?: number }

export type ClientAgent = {
  /** Reads the state, looks at the machine, re-attaches to tasks and starts to dial. Throws AppError when it cannot. */
  readonly start: () => Promise<void>
  /**
   * `endsTasks`: all tasks are stopped in their order and their directories removed, within `timeoutMs`, after which what
   * is left is killed. Otherwise they run on, and the next agent over the same state finds them. `leaves`: the servers are
   * told not to wait for it.
   */
  readonly stop: (options: StopOptions) => Promise<void>
  /** Drops everything at once, as a killed process would: nothing is said, saved or stopped any more. */
  readonly crash: () => void
  readonly isConnected: () => boolean
  /** Known once started. */
  readonly nodeId: () => string
  /** Resolves when a server acknowledged the first full report: the node is ready from then on. */
  readonly ready: Promise<void>
}

const STOP_TIMEOUT_MS = 45_000
/** An agent that stops waits this long for its last report to be acknowledged. */
const DRAIN_TIMEOUT_MS = 1_000
/** Leftovers are looked for once the node is ready, and after so long though it is not. */
const CLEAN_UP_WITHIN_MS = 1_000

/** What exists only once the state was read. */
type Running = {
  readonly identity: NodeIdentity
  readonly supervisor: Supervisor
  readonly reporter: Reporter
  readonly link: ServerLinkSupervisor
  readonly reaper: Reaper
  /** No record told who it was before. */
  readonly isNewNode: boolean
}

export const createClientAgent = (options: ClientAgentOptions): ClientAgent => {
  const { clock, random, logger, node, directories } = options
  let running: Running | undefined
  let isCrashed = false
  let isStopped = false
  let isClean = false
  let isHeard = false
  let desiredWaiting = 0
  let region = node.region
  let resolveReady: () => void = () => {}
  const ready = new Promise<void>(resolve => {
    resolveReady = resolve
  })
  const state = stateUntilCrash(options.state, () => isCrashed)

  const fingerprinter = createFingerprinter({
    clock,
    logger,
    machine: options.machine,
    drivers: options.drivers,
    ownPorts: () => running?.supervisor.ports() ?? new Set(),
    onChange: changes => running?.link.send({ kind: 'fingerprint', changes }) ?? false,
  })

  const catalog = createServiceCatalog(() => void running?.link.send(catalog.wanted()))

  const heldPorts: AgentServices['heldPorts'] = async ports => {
    const held = await options.machine.holdersOf(ports)
    await fingerprinter.metPorts(
      ports,
      held.map(({ port }) => port),
    )
    return held
  }

  const servicesOf = (identity: NodeIdentity): AgentServices => {
    const services: AgentServices = {
      clock,
      random,
      logger,
      directories,
      drivers: new Map(options.drivers.map(driver => [driver.name, driver])),
      node: () => nodeViewOf(node, identity, region, fingerprinter),
      limits: { ...DEFAULT_CLIENT_LIMITS, ...options.limits },
      labels: { 'dev.muster.cluster': node.cluster, 'dev.muster.node': identity.nodeId, ...options.labels },
      hasServer: () => isHeard && isClean,
      heldPorts,
      createTemplates: (owner, actions) => createTaskTemplates(services, catalog, owner, actions),
    }
    return services
  }

  const takeDesired = async (message: Extract<ServerMessage, { kind: 'desired' }>): Promise<void> => {
    if (running === undefined) return
    if (desiredWaiting >= MAX_DESIRED_WAITING) {
      running.link.reset('the agent cannot keep up with the changes of its desired state')
      return
    }
    desiredWaiting += 1
    try {
      if ((await running.supervisor.apply(message)) === 'needs-full') {
        running.link.reset('the agent needs the whole desired state')
        return
      }
    } catch (error) {
      logger.error({ error: messageOf(error) }, 'desired state could not be taken and is asked for again')
      running.link.reset('the agent could not take the desired state')
      return
    } finally {
      desiredWaiting -= 1
    }
    if (isHeard) return
    isHeard = true
    void cleanUp(running)
  }

  const answerer = createAnswerer({
    clock,
    logger,
    directories,
    runner: id => running?.supervisor.runner(id),
    runners: () => running?.supervisor.runners() ?? [],
    usage: createUsageMeter({ ...options, coreMhz: () => coreMhzOf(fingerprinter.facts()) }),
    send: message => running?.link.send(message) ?? false,
    bufferedBytes: () => running?.link.bufferedBytes() ?? 0,
  })

  const dispatch = (message: ServerMessage): void => {
    switch (message.kind) {
      case 'desired':
        void takeDesired(message)
        return
      case 'reported':
        running?.reporter.acknowledged(message.sequence)
        return
      case 'services':
      case 'service-list':
        catalog.take(message)
        return
      case 'request':
        answerer.request(message.requestId, message.request)
        return
      case 'cancel':
        answerer.cancel(message.requestId)
        return
      case 'welcome':
      case 'refused':
      case 'heartbeat-ack':
    }
  }

  const createLink = (identity: NodeIdentity, parts: Pick<Running, 'supervisor' | 'reporter'>): ServerLinkSupervisor =>
    createServerLink({
      clock,
      random,
      logger,
      dial: options.dial,
      hello: () => ({
        kind: 'hello',
        protocol: LINK_PROTOCOL,
        nodeId: identity.nodeId,
        secret: identity.secret,
        node: registrationOf(node, identity, fingerprinter),
        checkpoint: parts.supervisor.checkpoint().position,
      }),
      onWelcome: (welcome, send) => {
        region = welcome.region
        logger.info({ nodeId: identity.nodeId }, 'node registered')
        fingerprinter.catchUp()
        parts.reporter.connected(report => send({ kind: 'report', report }))
        const wanted = catalog.wanted()
        if (wanted.services.length + wanted.lists.length > 0) send(wanted)
      },
      onMessage: dispatch,
      onClosed: () => {
        parts.reporter.disconnected()
        answerer.cancelAll()
      },
    })

  /** What is on no record is looked for once, and only where a server wants what no record tells of. */
  let straysFound: Promise<Strays> | undefined
  const straysOf = (identity: NodeIdentity, isNewNode: boolean, supervisor: () => Supervisor): Promise<Strays> => {
    if (isHeard || isNewNode) return Promise.resolve(new Map())
    const isRecorded = (id: string): boolean => isRecordedStart(supervisor(), id)
    straysFound ??= findStrays({ drivers: options.drivers, nodeId: identity.nodeId, isRecorded, logger })
    return straysFound
  }

  /**
   * Once a server has said what of that which is on no record is still wanted; nothing is started before it is done. It looks
   * at every process of the machine, so it lets the node become ready first.
   */
  const cleanUp = async ({ reaper, reporter, supervisor, isNewNode }: Running): Promise<void> => {
    await within(clock, CLEAN_UP_WITHIN_MS, reporter.firstFullReport)
    if (isStopped || isCrashed) return
    const [, others] = await Promise.allSettled([reaper.start(), options.removeLeftovers?.(isNewNode)])
    if (others.status === 'rejected') {
      logger.warn({ error: messageOf(others.reason) }, 'leftovers could not be looked for')
    }
    isClean = true
    supervisor.wake()
  }

  const start = async (): Promise<void> => {
    const [loaded] = await Promise.all([state.load(), fingerprinter.start()])
    const identity = await identify(
      state,
      loaded.identity,
      { machineBoot: await options.machine.bootId(), knowsReports: loaded.report !== noReport },
      random,
    )
    const isSameBoot = loaded.identity?.bootId === identity.bootId
    const report = isSameBoot ? loaded.report : { ...loaded.report, sequence: 0, report: null }
    const isNewNode = loaded.identity === null
    const supervisor: Supervisor = createSupervisor({
      services: servicesOf(identity),
      state,
      probe: options.probe,
      reporter: () => reporter,
      strays: () => straysOf(identity, isNewNode, () => supervisor),
    })
    const reporter = createReporter({
      clock,
      logger,
      bootId: identity.bootId,
      loaded: report,
      save: state.saveReport,
      snapshot: supervisor.snapshot,
      onEventsReported: through => {
        for (const [id, number] of Object.entries(through)) supervisor.runner(id)?.forgetEvents(number)
        supervisor.tidy()
      },
    })
    const link = createLink(identity, { supervisor, reporter })
    const reaper = createReaper({ clock, logger, drivers: options.drivers, nodeId: identity.nodeId, supervisor })
    running = { identity, supervisor, reporter, link, reaper, isNewNode }
    void reporter.firstFullReport.then(resolveReady)
    supervisor.load(loaded)
    link.start()
  }

  const endTasks = async (parts: Running, timeoutMs: number): Promise<void> => {
    const ended = parts.supervisor.endAll('the agent stops')
    if ((await within(clock, timeoutMs, ended)) === 'late') {
      logger.warn({ timeoutMs }, 'tasks did not end in time and are killed')
      const label = { 'dev.muster.node': parts.identity.nodeId }
      await Promise.allSettled(options.drivers.map(driver => driver.sweep(label, new Set())))
      for (const runner of parts.supervisor.runners()) await directories.remove(runner.id)
    }
    if (parts.link.state().kind === 'serving') await within(clock, DRAIN_TIMEOUT_MS, parts.reporter.drained())
  }

  return {
    ready,
    start,
    isConnected: () => running?.link.state().kind === 'serving',
    nodeId: () => running?.identity.nodeId ?? '',
    stop: async ({ endsTasks, leaves = false, timeoutMs = STOP_TIMEOUT_MS }) => {
      isStopped = true
      fingerprinter.stop()
      running?.reaper.stop()
      if (running !== undefined) {
        if (endsTasks) await endTasks(running, timeoutMs)
        await running.supervisor.detach()
        answerer.cancelAll()
        await running.link.stop(leaves ? { kind: 'leave' } : null)
      }
      await Promise.allSettled(options.drivers.map(driver => driver.close()))
    },
    crash: () => {
      isCrashed = true
      fingerprinter.stop()
      running?.reaper.stop()
      void running?.supervisor.detach()
      void running?.link.stop(null)
    },
  }
}
