import { messageOf } from '../../platform/errors.ts'
import type { DesiredAllocation, ServerMessage } from '../../protocol/client-link.ts'
import { type AllocationOwner, type AllocationRunner, createAllocationRunner } from './alloc-runner.ts'
import { MAX_DONE_REQUESTS } from './limits.ts'
import { noChanges, type PendingChanges } from './report.ts'
import type { Reporter } from './reporter.ts'
import { doRequest } from './requests.ts'
import type { Checkpoint, HeldAllocation, LoadedState, StateStore } from './state-store.ts'
import { progressOf, type Strays } from './strays.ts'
import { newRecord, taskReportOf } from './task-record.ts'

export type DesiredMessage = Extract<ServerMessage, { kind: 'desired' }>

/** Holds the node's allocations: adds, updates, stops and collects them as the servers say. */
export type Supervisor = {
  readonly load: (state: LoadedState) => void
  /** Acts on one message after the other. Resolves when it was acted on; `needs-full` when it cannot be without a full one. */
  readonly apply: (message: DesiredMessage) => Promise<'applied' | 'needs-full'>
  readonly checkpoint: () => Checkpoint
  readonly runner: (allocationId: string) => AllocationRunner | undefined
  readonly runners: () => Iterable<AllocationRunner>
  readonly snapshot: () => ReadonlyMap<string, PendingChanges>
  /** Ports that allocations hold which have not ended. */
  readonly ports: () => ReadonlySet<number>
  readonly wake: () => void
  /** Forgets what ended and was told, as far as the limits ask for it. */
  readonly tidy: () => void
  /** Ends all tasks in order and removes their directories. */
  readonly endAll: (reason: string) => Promise<void>
  /** Leaves all tasks running. */
  readonly detach: () => Promise<void>
}

export type SupervisorOptions = Omit<AllocationOwner, 'onTerminal' | 'onChange' | 'state'> & {
  readonly state: StateStore
  readonly reporter: () => Reporter
  /** What runs and is on no record. */
  readonly strays: () => Promise<Strays>
}

const UNWANTED = 'the servers do not want this allocation on this node any more'

/** An allocation whose message left out the specification keeps the one that it had. */
const merge = (desired: DesiredAllocation, before: HeldAllocation | undefined): HeldAllocation | null => {
  if (desired.job !== null) return { ...desired, job: desired.job }
  if (before === undefined) return null
  return {
    ...desired,
    job: before.job,
    clear: { ...before.clear, ...desired.clear },
    payload: desired.payload ?? before.payload,
  }
}

export const createSupervisor = (options: SupervisorOptions): Supervisor => {
  const { services, state } = options
  const { logger } = services
  const runners = new Map<string, AllocationRunner>()
  let checkpoint: Checkpoint = { position: -1, doneRequests: [] }
  let tail: Promise<unknown> = Promise.resolve()
  let waitForTerminal: (() => void)[] = []
  /** An agent that takes its tasks along starts nothing any more, whatever the servers still want of it. */
  let isEnding = false
  let reportedEvents: LoadedState['report']['reportedEvents'] = {}
  /** The servers forgot these while they still ran: they go as soon as they have ended. */
  const collected = new Set<string>()

  const begin = (held: HeldAllocation, progress: LoadedState['allocations'][number]['progress']): void => {
    const runner = createAllocationRunner(
      {
        ...options,
        onChange: (id, changes, isUrgent) => options.reporter().changed(id, changes, isUrgent),
        onTerminal: () => {
          holdBack()
          for (const waiter of waitForTerminal) waiter()
          waitForTerminal = []
          void enqueue(tidy)
        },
      },
      held,
      progress,
    )
    runners.set(held.allocationId, runner)
  }

  /** Whether one of those that it replaced, the one before or one before that, is not terminal yet. */
  const hasLivePredecessor = (first: string | null): boolean => {
    for (let id = first; id !== null; ) {
      const predecessor = runners.get(id)
      if (predecessor === undefined) return false
      if (!predecessor.isTerminal()) return true
      id = predecessor.held().previousId
    }
    return false
  }

  /** What an allocation holds, ports above all, changes hands only when the one who gives it up is terminal (design §3). */
  const holdBack = (): void => {
    const leaving = new Set<number>()
    for (const runner of runners.values()) {
      if (!runner.isTerminal() && runner.isStopping()) for (const port of runner.held().ports) leaving.add(port)
    }
    for (const runner of runners.values()) {
      const { desired, ports, previousId } = runner.held()
      if (desired !== 'run' || runner.isTerminal()) continue
      runner.setHeldBack(hasLivePredecessor(previousId) || ports.some(port => leaving.has(port)))
    }
  }

  const remove = async (id: string): Promise<void> => {
    const runner = runners.get(id)
    if (runner === undefined) return
    runners.delete(id)
    collected.delete(id)
    await runner.detach()
    await services.directories.remove(id)
    await state.removeAllocation(id)
  }

  /**
   * Directories of the longest dead go first; those of the newest stay, for their logs. One whose end the servers have not
   * acknowledged stays too: not knowing of it, the agent would be told to run it again, or say of it what is long outdated.
   */
  const tidy = async (): Promise<void> => {
    for (const id of collected) if (runners.get(id)?.isTerminal() === true) await remove(id)
    const terminal = [...runners.values()]
      .filter(runner => runner.isTerminal())
      .sort((a, b) => (a.terminalAt() ?? 0) - (b.terminalAt() ?? 0))
    for (const { id } of terminal.slice(0, Math.max(0, terminal.length - services.limits.maxTerminalAllocations))) {
      if (options.reporter().owes(id)) continue
      await remove(id)
      options.reporter().forget(id)
    }
  }

  /** What the agent does not hold cannot run here: it says so, since the servers count it until they hear it. */
  const reportUnheld = (desired: DesiredAllocation): void => {
    const group = desired.job?.groups.find(({ name }) => name === desired.group)
    const tasks = (group?.tasks ?? []).map(({ name }) =>
      taskReportOf({ ...newRecord(name), phase: { kind: 'dead', isFailed: false }, finishedAt: services.clock.now() }),
    )
    const changes = { ...noChanges, tasks: new Map(tasks.map(task => [task.task, task])) }
    options.reporter().changed(desired.allocationId, changes, true)
  }

  const take = async (desired: DesiredAllocation): Promise<'taken' | 'unknown'> => {
    const runner = runners.get(desired.allocationId)
    if (runner === undefined && desired.desired === 'stop') {
      reportUnheld(desired)
      return 'taken'
    }
    const held = merge(desired, runner?.held())
    if (held === null) return 'unknown'
    // A full message repeats what is known; only what is new is worth a write.
    const isNew = runner === undefined || JSON.stringify(runner.held()) !== JSON.stringify(held)
    const found = runner === undefined ? (await options.strays()).get(held.allocationId) : undefined
    if (isNew) await state.saveAllocation(held)
    if (runner === undefined) begin(held, progressOf(found, reportedEvents[held.allocationId] ?? 0))
    else if (isNew) runner.update(held)
    return 'taken'
  }

  const stopUnlisted = async (listed: ReadonlySet<string>): Promise<void> => {
    for (const runner of runners.values()) {
      if (listed.has(runner.id) || runner.isTerminal() || runner.isStopping()) continue
      const held: HeldAllocation = { ...runner.held(), desired: 'stop', stopReason: UNWANTED }
      await state.saveAllocation(held)
      runner.update(held)
    }
  }

  const collect = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const runner = runners.get(id)
      if (runner === undefined) continue
      if (runner.isTerminal()) {
        await remove(id)
        options.reporter().forget(id)
        continue
      }
      collected.add(id)
      runner.update({ ...runner.held(), desired: 'stop', stopReason: UNWANTED })
    }
  }

  const doRequests = async (message: DesiredMessage): Promise<readonly string[]> => {
    const finished = new Set(checkpoint.doneRequests)
    for (const request of message.requests) {
      const { requestId } = request
      const outcome = finished.has(requestId)
        ? { requestId, outcome: 'done' as const, message: '' }
        : await doRequest(request, message.serverTime, runners.get(request.allocationId))
      finished.add(requestId)
      options.reporter().requestDone(outcome)
    }
    return [...finished].slice(-MAX_DONE_REQUESTS)
  }

  const apply = async (message: DesiredMessage): Promise<'applied' | 'needs-full'> => {
    if (isEnding) return 'applied'
    let isComplete = true
    // Stops first: what starts may wait for the ports of what goes.
    const ordered = [...message.allocations].sort((a, b) => Number(a.desired === 'run') - Number(b.desired === 'run'))
    if (message.isFull) await stopUnlisted(new Set(ordered.map(({ allocationId }) => allocationId)))
    for (const desired of ordered) {
      if ((await take(desired)) === 'unknown') isComplete = false
      holdBack()
    }
    await collect(message.collected)
    const doneRequests = await doRequests(message)
    if (!isComplete) {
      logger.warn({ position: message.position }, 'desired state names an allocation without its specification')
      checkpoint = { position: -1, doneRequests }
      return 'needs-full'
    }
    checkpoint = { position: message.position, doneRequests }
    await state.saveCheckpoint(checkpoint)
    return 'applied'
  }

  const enqueue = <T>(run: () => Promise<T>): Promise<T> => {
    const result = tail.then(run)
    tail = result.catch((error: unknown) => {
      logger.error({ error: messageOf(error) }, 'change of the allocations failed')
    })
    return result
  }

  const allTerminal = async (): Promise<void> => {
    while ([...runners.values()].some(runner => !runner.isTerminal())) {
      await new Promise<void>(resolve => waitForTerminal.push(resolve))
    }
  }

  return {
    load: loaded => {
      checkpoint = loaded.checkpoint
      reportedEvents = loaded.report.reportedEvents
      for (const { held, progress } of loaded.allocations) {
        begin(held, progress)
        const reported = loaded.report.reportedEvents[held.allocationId] ?? 0
        const waiting = (progress?.events ?? []).filter(event => event.number > reported)
        if (waiting.length > 0) options.reporter().changed(held.allocationId, { ...noChanges, events: waiting }, false)
      }
      holdBack()
    },
    apply: message => enqueue(() => apply(message)),
    tidy: () => void enqueue(tidy),
    checkpoint: () => checkpoint,
    runner: id => runners.get(id),
    runners: () => runners.values(),
    snapshot: () => new Map([...runners].map(([id, runner]) => [id, runner.snapshot()])),
    ports: () =>
      new Set([...runners.values()].flatMap(runner => (runner.isTerminal() ? [] : [...runner.held().ports]))),
    wake: () => {
      for (const runner of runners.values()) runner.wake()
    },
    endAll: async reason => {
      isEnding = true
      await tail
      for (const runner of runners.values()) {
        if (!runner.isTerminal()) runner.update({ ...runner.held(), desired: 'stop', stopReason: reason })
      }
      await allTerminal()
      await tail
      for (const id of runners.keys()) await remove(id)
    },
    detach: async () => {
      await Promise.all([...runners.values()].map(runner => runner.detach()))
      await tail
    },
  }
}
