import { serviceVariables } from '../../domain/allocation-variables.ts'
import { uuidOf } from '../../domain/ids.ts'
import { createLookup, interpolate, type NodeValues } from '../../domain/interpolation.ts'
import type { Check, Service, TaskGroup } from '../../domain/jobspec/schema.ts'
import type { CheckReport } from '../../domain/report/events.ts'
import { type Cancel, type Clock, MAX_TIMER_MS } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import { cut, MAX_CHECK_OUTPUT_BYTES } from './limits.ts'
import type { HeldAllocation } from './state-store.ts'

/** One check of one service of an allocation, with the address that it asks. */
export type CheckSpec = {
  readonly id: string
  readonly service: string
  readonly check: Check
  /** The task that it stands and falls with; empty = the whole group. */
  readonly task: string
  readonly address: string
  readonly port: number
}

export type ProbeResult = { readonly isSuccess: boolean; readonly output: string }

/** Asks once. Resolves within the check's timeout; what went wrong is in the result. */
export type Probe = (spec: CheckSpec, signal: AbortSignal) => Promise<ProbeResult>

const portOf = (held: HeldAllocation, group: TaskGroup, port: string): number => {
  const position = (group.network?.ports ?? []).findIndex(({ label }) => label === port)
  if (position >= 0) return held.ports[position] ?? 0
  return /^\d+$/.test(port) ? Number(port) : 0
}

/** A check and the service that it asks, their texts filled in. */
const filled = (check: Check, fill: (text: string) => string): Check => ({
  ...check,
  name: fill(check.name),
  path: fill(check.path),
  method: fill(check.method),
  body: fill(check.body),
  header: Object.fromEntries(Object.entries(check.header).map(([name, values]) => [fill(name), values.map(fill)])),
})

/** All checks of an allocation. */
export const checkSpecsOf = (
  held: HeldAllocation,
  group: TaskGroup,
  node: NodeValues & { readonly address: string },
): readonly CheckSpec[] => {
  const owned: readonly (readonly [Service, string])[] = [
    ...group.services.map(service => [service, service.task] as const),
    ...group.tasks.flatMap(task => task.services.map(service => [service, task.name] as const)),
  ]
  return owned.flatMap(([service, task]) => {
    const lookup = createLookup(serviceVariables(held, group, task, node), node)
    const fill = (text: string): string => interpolate(text, lookup)
    return service.checks.map((check, index) => ({
      id: uuidOf('check', held.allocationId, task, service.name, check.name, index),
      service: fill(service.name),
      check: filled(check, fill),
      task,
      address: service.address === '' ? node.address : fill(service.address),
      port: portOf(held, group, check.port === '' ? service.port : check.port),
    }))
  })
}

export const checkMode = (check: Check): CheckReport['mode'] =>
  check.onUpdate === 'ignore' ? 'readiness' : 'healthiness'

export type CheckRunnerOptions = {
  readonly clock: Clock
  readonly probe: Probe
  /** Called with every change of a check's status. */
  readonly onChange: (report: CheckReport) => void
  /** Enough failures in a row for `check_restart`. */
  readonly onRestart: (spec: CheckSpec, reason: string) => void
  /** Whether what the check stands for runs, and since when by the monotonic clock. */
  readonly runningSinceMs: (spec: CheckSpec) => number | null
}

export type CheckRunner = {
  /** Replaces the list: checks that are in it go on, others end. */
  readonly set: (specs: readonly CheckSpec[]) => void
  /** Tasks may have started or ended: what has newly begun to run is asked soon. */
  readonly refresh: () => void
  readonly reports: () => ReadonlyMap<string, CheckReport>
  readonly close: () => void
}

/** A task that has just begun is given this long to listen before it is asked for the first time. */
const FIRST_PROBE_DELAY_MS = 250

type Watched = {
  spec: CheckSpec
  since: number | null
  report: CheckReport
  failures: number
  cancel: Cancel
  readonly stop: AbortController
}

const firstReport = (clock: Clock, spec: CheckSpec): CheckReport => ({
  checkId: spec.id,
  service: spec.service,
  name: spec.check.name,
  task: spec.task,
  mode: checkMode(spec.check),
  status: spec.check.initialStatus,
  output: '',
  at: clock.now(),
})

/** A check that `check_restart` acts on has failed often enough, and not during its grace. */
const isDueForRestart = (spec: CheckSpec, failures: number, runningForMs: number): boolean => {
  const { checkRestart } = spec.check
  return (
    checkRestart !== null &&
    checkRestart.limit > 0 &&
    runningForMs >= checkRestart.graceMs &&
    failures >= checkRestart.limit
  )
}

export const createCheckRunner = (options: CheckRunnerOptions): CheckRunner => {
  const { clock } = options
  const watched = new Map<string, Watched>()

  const take = (one: Watched, result: ProbeResult, runningForMs: number): void => {
    const status = result.isSuccess ? 'success' : 'failure'
    one.failures = result.isSuccess ? 0 : one.failures + 1
    const isInGrace = runningForMs < (one.spec.check.checkRestart?.graceMs ?? 0)
    if (isInGrace) one.failures = 0
    if (status !== one.report.status || one.report.output === '') {
      one.report = { ...one.report, status, output: cut(result.output, MAX_CHECK_OUTPUT_BYTES), at: clock.now() }
      options.onChange(one.report)
    }
    if (!isDueForRestart(one.spec, one.failures, runningForMs)) return
    one.failures = 0
    options.onRestart(one.spec, `healthcheck: check ${JSON.stringify(one.spec.check.name)} unhealthy`)
  }

  const pending = (one: Watched): void => {
    one.failures = 0
    if (one.report.status === one.spec.check.initialStatus) return
    one.report = firstReport(clock, one.spec)
    options.onChange(one.report)
  }

  const look = async (one: Watched): Promise<void> => {
    const { since } = one
    if (since !== null) {
      const result = await options
        .probe(one.spec, one.stop.signal)
        .catch((error: unknown): ProbeResult => ({ isSuccess: false, output: messageOf(error) }))
      if (one.stop.signal.aborted) return
      // The task that was asked may be another one by now.
      if (one.since !== since) return
      take(one, result, clock.monotonicMs() - since)
      one.cancel = clock.after(Math.min(one.spec.check.intervalMs, MAX_TIMER_MS), () => void look(one))
    }
  }

  const refreshOne = (one: Watched): void => {
    const since = options.runningSinceMs(one.spec)
    if (since === one.since) return
    one.since = since
    one.cancel()
    if (since === null) pending(one)
    else one.cancel = clock.after(FIRST_PROBE_DELAY_MS, () => void look(one))
  }

  const drop = (one: Watched): void => {
    one.stop.abort()
    one.cancel()
    watched.delete(one.spec.id)
  }

  return {
    set: specs => {
      const wanted = new Set(specs.map(({ id }) => id))
      for (const one of watched.values()) if (!wanted.has(one.spec.id)) drop(one)
      for (const spec of specs) {
        const existing = watched.get(spec.id)
        if (existing !== undefined) {
          existing.spec = spec
          continue
        }
        const one: Watched = {
          spec,
          since: null,
          report: firstReport(clock, spec),
          failures: 0,
          cancel: () => {},
          stop: new AbortController(),
        }
        watched.set(spec.id, one)
        options.onChange(one.report)
        refreshOne(one)
      }
    },
    refresh: () => {
      for (const one of watched.values()) refreshOne(one)
    },
    reports: () => new Map([...watched].map(([id, one]) => [id, one.report])),
    close: () => {
      for (const one of watched.values()) drop(one)
    },
  }
}
