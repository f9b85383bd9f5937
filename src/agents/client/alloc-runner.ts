import type { TaskGroup } from '../../domain/jobspec/schema.ts'
import type { CheckReport } from '../../domain/report/events.ts'
import type { Cancel } from '../../platform/clock.ts'
import { createAllocationJournal } from './allocation-journal.ts'
import { type CheckRunner, type CheckSpec, checkMode, checkSpecsOf, createCheckRunner, type Probe } from './checks.ts'
import { createHealthWatcher, type HealthWatcher } from './health-watcher.ts'
import { type EndCause, type Goal, planLifecycle, type TaskView } from './lifecycle.ts'
import { noChanges, type PendingChanges } from './report.ts'
import type { AllocationProgress, HeldAllocation, StateStore } from './state-store.ts'
import type { AgentServices, TaskOwner } from './task-context.ts'
import type { TaskNote } from './task-events.ts'
import * as notes from './task-events.ts'
import { newRecord, reportedPhase, type TaskRecord, taskReportOf } from './task-record.ts'
import { createTaskRunner, type TaskRunner } from './task-runner.ts'

/**
 * Runs the tasks of one allocation in the order of their life cycle, watches its checks and its health, keeps its
 * progress on disk and hands every change on once it is there.
 */
export type AllocationRunner = {
  readonly id: string
  readonly held: () => HeldAllocation
  readonly isTerminal: () => boolean
  readonly terminalAt: () => number | null
  /** It was told to stop, by the servers or because they do not know it any more. */
  readonly isStopping: () => boolean
  readonly update: (held: HeldAllocation) => void
  /** While held back nothing starts: another allocation has still to end. */
  readonly setHeldBack: (isHeldBack: boolean) => void
  readonly tasks: () => ReadonlyMap<string, TaskRunner>
  /** A server was heard: look again. */
  readonly wake: () => void
  /** Everything of it as it was last saved, for a full report. */
  readonly snapshot: () => PendingChanges
  /** Events up to this number are in the servers' log. */
  readonly forgetEvents: (through: number) => void
  /** Leaves the tasks running and stops looking after them. */
  readonly detach: () => Promise<void>
}

export type AllocationOwner = {
  readonly services: AgentServices
  readonly state: Pick<StateStore, 'saveProgress'>
  readonly probe: Probe
  readonly onChange: (allocationId: string, changes: PendingChanges, isUrgent: boolean) => void
  readonly onTerminal: (allocationId: string) => void
}

const groupOf = (held: HeldAllocation): TaskGroup | undefined => held.job.groups.find(({ name }) => name === held.group)

export const createAllocationRunner = (
  owner: AllocationOwner,
  first: HeldAllocation,
  loaded: AllocationProgress | null,
): AllocationRunner => {
  const { services } = owner
  const { clock } = services
  const id = first.allocationId
  const detached = new AbortController()
  const runners = new Map<string, TaskRunner>()
  const runningSince = new Map<string, { readonly startNumber: number; readonly sinceMs: number }>()
  let held = first
  let isHeldBack = false
  let cancelLinger: Cancel = () => {}

  const group = (): TaskGroup => {
    const found = groupOf(held)
    if (found === undefined) throw new Error(`job ${held.jobId} of allocation ${id} has no group ${held.group}`)
    return found
  }

  const noteTasks = (task: string, taskNotes: readonly TaskNote[]): void => {
    if (taskNotes.length === 0) return
    const added = journal.number(task, taskNotes)
    void journal.save().then(() => tell({ ...noChanges, events: added }, false))
  }

  const tell = (changes: PendingChanges, isUrgent: boolean): void => {
    if (!detached.signal.aborted) owner.onChange(id, changes, isUrgent)
  }

  const trackRunning = (record: TaskRecord): void => {
    const before = runningSince.get(record.task)
    if (record.phase.kind !== 'running') runningSince.delete(record.task)
    else if (before?.startNumber !== record.startNumber) {
      runningSince.set(record.task, { startNumber: record.startNumber, sinceMs: clock.monotonicMs() })
    }
  }

  const commit = async (record: TaskRecord, taskNotes: readonly TaskNote[]): Promise<void> => {
    const { events, hasEnded, isNewPhase } = journal.put(record, taskNotes)
    trackRunning(record)
    await journal.save()
    journal.markTold(record)
    tell({ ...noChanges, tasks: new Map([[record.task, taskReportOf(record)]]), events }, isNewPhase)
    reconcile()
    if (hasEnded) end()
  }

  const end = (): void => {
    checks.close()
    health.close()
    cancelLinger()
    if (!detached.signal.aborted) owner.onTerminal(id)
  }

  const taskOwner = (name: string, driverName: string): TaskOwner => {
    const task = () => group().tasks.find(candidate => candidate.name === name)
    let last = task()
    return {
      held: () => held,
      group,
      task: () => {
        last = task() ?? last
        if (last === undefined) throw new Error(`group ${held.group} of allocation ${id} has no task ${name}`)
        return last
      },
      driver: services.drivers.get(driverName),
      commit,
      note: noteTasks,
      hasRunningSibling: self =>
        [...journal.records.values()].some(record => record.task !== self && record.phase.kind === 'running'),
    }
  }

  /** How long the group's tasks run on after it was told to stop. */
  const groupDelayMs = (): number => (held.skipsShutdownDelay === true ? 0 : (groupOf(held)?.shutdownDelayMs ?? 0))

  const goal = (): Goal => {
    if (held.desired === 'run') return isHeldBack ? 'hold' : 'run'
    const delayMs = groupDelayMs()
    const stopSince = journal.stopSince()
    if (stopSince === null || delayMs === 0) return 'end'
    const isAnyRunning = [...journal.records.values()].some(record => record.phase.kind === 'running')
    return isAnyRunning && clock.now() < stopSince + delayMs ? 'linger' : 'end'
  }

  const viewOf = (record: TaskRecord): TaskView => {
    const task = groupOf(held)?.tasks.find(({ name }) => name === record.task)
    return {
      name: record.task,
      lifecycle: task?.lifecycle ?? null,
      isLeader: task?.isLeader ?? false,
      phase: record.phase.kind === 'waiting' ? 'waiting' : reportedPhase(record.phase),
      isFailed: record.phase.kind === 'dead' && record.phase.isFailed,
      hasRun: record.startedAt !== null,
    }
  }

  const whyOf = (
    endCause: EndCause | null,
    views: readonly TaskView[],
  ): { readonly notes: readonly TaskNote[]; readonly reason: string } => {
    if (endCause === null) return { notes: [], reason: held.stopReason }
    const culprit = endCause === 'Sibling Task Failed' ? (views.find(view => view.isFailed)?.name ?? '') : ''
    return { notes: [notes.ending(endCause, culprit)], reason: '' }
  }

  /** Gives every task its wish, and lets checks and health look at what changed. */
  const reconcile = (): void => {
    if (detached.signal.aborted) return
    const views = [...journal.records.values()].map(viewOf)
    const plan = planLifecycle(views, goal())
    const why = whyOf(plan.endCause, views)
    for (const [name, wish] of plan.wishes) runners.get(name)?.setWish(wish, why)
    health.look()
    if (journal.terminalAt() === null) checks.refresh()
  }

  const sinceOf = (spec: CheckSpec): number | null => {
    if (held.desired !== 'run') return null
    if (spec.task !== '') return runningSince.get(spec.task)?.sinceMs ?? null
    const mains = group().tasks.filter(task => task.lifecycle === null)
    const sinces = mains.map(task => runningSince.get(task.name)?.sinceMs)
    const running = sinces.filter(since => since !== undefined)
    return running.length === sinces.length && running.length > 0 ? Math.max(...running) : null
  }

  const journal = createAllocationJournal({
    allocationId: id,
    services,
    state: owner.state,
    loaded,
    health: () => health.state(),
    signal: detached.signal,
  })

  const checks: CheckRunner = createCheckRunner({
    clock,
    probe: owner.probe,
    onChange: (report: CheckReport) => {
      tell({ ...noChanges, checks: new Map([[report.checkId, report]]) }, report.status !== 'pending')
      health.look()
    },
    onRestart: (spec, reason) => {
      const concerned = spec.task === '' ? group().tasks.filter(task => task.lifecycle === null) : [{ name: spec.task }]
      for (const { name } of concerned) void runners.get(name)?.restart(reason, true)
    },
    runningSinceMs: sinceOf,
  })

  const health: HealthWatcher = createHealthWatcher({
    clock,
    held: () => held,
    loaded: loaded?.health ?? null,
    input: () => {
      const current = groupOf(held)
      if (current === undefined || current.update === null) return null
      return {
        update: current.update,
        tasks: [...journal.records.values()].map(record => ({
          name: record.task,
          lifecycle: current.tasks.find(({ name }) => name === record.task)?.lifecycle ?? null,
          report: taskReportOf(record),
        })),
        checks: checkSpecsOf(held, current, services.node())
          .filter(spec => checkMode(spec.check) === 'healthiness')
          .map(spec => ({ name: spec.check.name, status: checks.reports().get(spec.id)?.status ?? 'pending' })),
      }
    },
    onVerdict: (verdict, reason, culprits) => {
      const added = culprits.flatMap(task => journal.number(task, [notes.allocUnhealthy(reason)]))
      void journal.save().then(() => tell({ ...noChanges, events: added, health: verdict }, true))
    },
  })

  const adopt = (): void => {
    const current = groupOf(held)
    for (const task of current?.tasks ?? []) {
      if (runners.has(task.name)) continue
      const found = loaded?.records.find(record => record.task === task.name)
      const record = found ?? newRecord(task.name, held.starts?.[task.name])
      journal.adopt(record)
      trackRunning(record)
      runners.set(task.name, createTaskRunner(services, taskOwner(task.name, task.driver), record))
      if (found === undefined) noteTasks(task.name, [notes.received])
    }
    if (journal.terminalAt() === null && current !== undefined && held.desired === 'run') {
      checks.set(checkSpecsOf(held, current, services.node()))
    }
  }

  const settleStop = (): void => {
    if (held.desired !== 'stop' || journal.stopSince() !== null) return
    journal.beginStop()
    checks.set([])
    const delayMs = groupDelayMs()
    if (delayMs === 0) return
    for (const record of journal.records.values()) {
      if (record.phase.kind === 'running') noteTasks(record.task, [notes.waitingForShutdownDelay(delayMs)])
    }
    cancelLinger = clock.after(delayMs, reconcile)
  }

  adopt()
  // The clock may have been set back while the agent was away; the delay is then waited for at most once more.
  if (journal.stopSince() !== null) cancelLinger = clock.after(groupOf(held)?.shutdownDelayMs ?? 0, reconcile)
  settleStop()
  reconcile()

  return {
    id,
    held: () => held,
    isTerminal: () => journal.terminalAt() !== null,
    terminalAt: journal.terminalAt,
    isStopping: () => held.desired === 'stop',
    update: next => {
      held = next
      adopt()
      settleStop()
      reconcile()
    },
    setHeldBack: next => {
      if (next === isHeldBack) return
      isHeldBack = next
      reconcile()
    },
    tasks: () => runners,
    wake: () => {
      for (const runner of runners.values()) runner.wake()
    },
    snapshot: () => ({
      ...noChanges,
      tasks: new Map([...journal.told].map(([name, record]) => [name, taskReportOf(record)])),
      checks: checks.reports(),
      health: health.state()?.verdict ?? null,
    }),
    forgetEvents: journal.forgetEvents,
    detach: async () => {
      detached.abort()
      cancelLinger()
      checks.close()
      health.close()
      await Promise.all([...runners.values()].map(runner => runner.detach()))
    },
  }
}
