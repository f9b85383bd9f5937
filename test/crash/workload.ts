import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Api } from '../../src/protocol/sdk.ts'
import type { Agents } from './agents.ts'
import type { TaskKind } from './task-kinds.ts'

/**
 * What users do in a round, and what must have become of it. Services keep running until they are stopped rounds later;
 * runs end with an exit code of their own. Every start of a task appends a line with its mark to a file of the
 * allocation, so that a second start shows, whoever made it.
 */
export type Workload = {
  /**
   * Registers a service, dispatches a run, stops the service of some rounds ago. All of it is acknowledged. `kills`: how
   * often what the tasks hang on is killed in this round.
   */
  readonly act: (round: number, kills?: number) => Promise<void>
  /** What is not as it must be, empty when all is. */
  readonly faults: () => Promise<readonly string[]>
  /** Ends every process that was started, however it came to be left. */
  readonly endAll: () => void
  /** From now on this run's task counts as killed. */
  readonly killRun: (round: number, pid: number) => void
  readonly runPid: (round: number) => Promise<number | undefined>
}

const SERVICES_KEPT = 2
const EXIT_CODES = 5
const SIGKILL_EXIT = 137
const SIGTERM_EXIT = 143
/** More than a task of a few rounds has. */
const MAX_EVENTS = 100
/** No less than the kills of the rounds in which a service is there. */
const RESTARTS_ALLOWED = 15

const serviceOf = (name: string, kind: TaskKind): string => `job "${name}" {
  group "g" {
    restart {
      attempts = ${RESTARTS_ALLOWED}
      interval = "1h"
      delay    = "100ms"
      mode     = "fail"
    }
    task "t" {
      driver = "${kind.driver}"
      config {
${kind.config(kind.service)}
      }
      resources {
        cpu    = 10
        memory = 10
      }
    }
  }
}
`

const templateOf = (kind: TaskKind): string => `job "run" {
  type = "batch"
  parameterized {
    meta_required = ["code", "seconds"]
  }
  group "g" {
    restart {
      attempts = 0
      mode     = "fail"
    }
    reschedule {
      attempts  = 0
      unlimited = false
    }
    task "t" {
      driver = "${kind.driver}"
      config {
${kind.config('sleep $NOMAD_META_seconds; exit $NOMAD_META_code')}
      }
      resources {
        cpu    = 10
        memory = 10
      }
    }
  }
}
`

type Answer = { readonly __typename: string; readonly code?: string; readonly message?: string }
type Task = {
  readonly state: string
  readonly exitCode: number | null
  readonly restarts: number
  readonly events: readonly { readonly type: string; readonly message: string }[]
}
type Allocation = { readonly id: string; readonly clientStatus: string; readonly tasks: readonly Task[] }

const register = async (api: Api, source: string, commandId: string): Promise<void> => {
  const { registerJob } = await api.query<{ readonly registerJob: Answer }>(
    `mutation ($input: RegisterJobInput!) { registerJob(input: $input) { __typename ... on Rejection { code message } } }`,
    { input: { commandId, job: { source } } },
  )
  if (registerJob.__typename === 'Rejection') throw new Error(`the job was refused: ${JSON.stringify(registerJob)}`)
}

const dispatch = async (api: Api, commandId: string, meta: Readonly<Record<string, string>>): Promise<string> => {
  const { dispatchJob } = await api.query<{ readonly dispatchJob: Answer & { readonly dispatchedJobId?: string } }>(
    `mutation ($input: DispatchJobInput!) {
      dispatchJob(input: $input) { __typename ... on JobDispatch { dispatchedJobId } ... on Rejection { code message } }
    }`,
    {
      input: {
        commandId,
        jobId: 'run',
        idempotencyToken: commandId,
        meta: Object.entries(meta).map(([name, value]) => ({ name, value })),
      },
    },
  )
  if (dispatchJob.dispatchedJobId === undefined) throw new Error(`not dispatched: ${JSON.stringify(dispatchJob)}`)
  return dispatchJob.dispatchedJobId
}

const stop = async (api: Api, jobId: string, commandId: string): Promise<void> => {
  const { stopJob } = await api.query<{ readonly stopJob: Answer }>(
    `mutation ($input: StopJobInput!) { stopJob(input: $input) { __typename ... on Rejection { code message } } }`,
    { input: { commandId, jobId } },
  )
  if (stopJob.__typename === 'Rejection') throw new Error(`not stopped: ${JSON.stringify(stopJob)}`)
}

const allocationsOf = async (api: Api, jobId: string): Promise<readonly Allocation[]> => {
  const { allocations } = await api.query<{ readonly allocations: { readonly nodes: readonly Allocation[] } }>(
    `query ($jobId: String!) {
      allocations(jobId: $jobId, first: 5) {
        nodes { id clientStatus tasks { state exitCode restarts events(first: ${MAX_EVENTS}) { type message } } }
      }
    }`,
    { jobId },
  )
  return allocations.nodes
}

/** What is said of a task that its engine took along: at its end, or at its start, where the engine went before that was over. */
const TAKEN_ALONG = /it ended while the Docker daemon was away|the start is tried again/

const story = ({ state, events }: Task): string =>
  `it is ${state} after ${events.map(({ type, message }) => `${type} (${message})`).join(', ')}, newest first`

const endsOf = ({ events }: Task): number => events.filter(({ type }) => type === 'Terminated').length

/** Each of so many ends is explained by the engine. */
const isTakenAlong = (task: Task, ends: number): boolean =>
  endsOf(task) === ends && task.events.filter(({ message }) => TAKEN_ALONG.test(message)).length >= ends

type Service = {
  readonly name: string
  /** The mark of the start that was last seen to run. */
  mark: string | null
  restarts: number
  /** How often it had been restarted when the round began; null when that was not seen. */
  restartsBefore: number | null
  isStopped: boolean
}
type Run = { readonly jobId: string; exitCode: number }
type Found = { readonly allocation: Allocation; readonly task: Task; readonly starts: readonly string[] }

export const createWorkload = (agents: Agents, kind: TaskKind): Workload => {
  const services = new Map<number, Service>()
  const runs = new Map<number, Run>()
  const started = new Set<string>()
  let isTemplateKnown = false
  let killsOfRound = 1

  const startsOf = (allocation: string): readonly string[] => {
    const path = join(agents.client.dataDir, 'alloc', allocation, 'alloc/starts')
    const marks = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
    for (const mark of marks) started.add(mark)
    return marks
  }

  /** The one allocation of a job, started as often as it counts, or what is wrong instead. */
  const look = async (jobId: string): Promise<string | Found> => {
    const allocations = await allocationsOf(agents.api, jobId)
    const [allocation] = allocations
    if (allocation === undefined || allocations.length > 1) return `${jobId} has ${allocations.length} allocations`
    const starts = startsOf(allocation.id)
    const [task] = allocation.tasks
    if (task === undefined) return `${jobId} has no task`
    if (starts.length === 0) return `${jobId} has not started: ${story(task)}`
    if (starts.length > task.restarts + 1 || new Set(starts).size < starts.length)
      return `${jobId} counts ${task.restarts} restarts and was started ${starts.length} times: ${story(task)}`
    return { allocation, task, starts }
  }

  const faultOfRestarts = ({ name, restartsBefore }: Service, task: Task): string | null => {
    const { restarts } = task
    if (kind.outlivesKills) return restarts === 0 ? null : `${name} counts ${restarts} restarts: ${story(task)}`
    // One that ran is restarted for the first kill; for each other one only where it ran again, or had been started, by then.
    const least = restartsBefore === null ? 0 : restartsBefore + 1
    const most = (restartsBefore ?? 0) + killsOfRound
    if (restarts < least || restarts > most)
      return `${name} counts ${restarts} restarts, before the kill ${restartsBefore ?? 0}: ${story(task)}`
    return isTakenAlong(task, restarts) ? null : `${name} counts ${restarts} restarts: ${story(task)}`
  }

  const faultOfService = async (service: Service): Promise<string | null> => {
    const found = await look(service.name)
    if (typeof found === 'string') return found
    const { allocation, task, starts } = found
    const running = await kind.running(allocation.id, starts)
    const { name } = service
    if (service.isStopped) {
      if (running.length > 0) return `${name} is stopped and runs on as ${running.join(', ')}`
      return allocation.clientStatus === 'complete' ? null : `${name} is stopped and ${allocation.clientStatus}`
    }
    const mark = starts.at(-1) ?? null
    if (kind.outlivesKills && service.mark !== null && service.mark !== mark)
      return `${name} runs as ${mark}, not as ${service.mark} any more`
    if (!isDeepStrictEqual(running, [mark]))
      return `${name} was last started as ${mark} and runs as [${running.join(', ')}]`
    if (allocation.clientStatus !== 'running') return `${name} runs and counts as ${allocation.clientStatus}`
    service.mark = mark
    service.restarts = task.restarts
    return faultOfRestarts(service, task)
  }

  const faultOfRun = async (run: Run): Promise<string | null> => {
    const found = await look(run.jobId)
    if (typeof found === 'string') return found
    const { allocation, task, starts } = found
    if (task.state !== 'dead') return `${run.jobId} is ${task.state}`
    const running = await kind.running(allocation.id, starts)
    if (running.length > 0) return `${run.jobId} is dead and runs on as ${running.join(', ')}`
    if (task.exitCode === run.exitCode) return null
    if (!kind.outlivesKills && task.exitCode === SIGTERM_EXIT && isTakenAlong(task, 1)) return null
    return `${run.jobId} ended with ${task.exitCode}, not with ${run.exitCode}: ${story(task)}`
  }

  return {
    act: async (round, kills = 1) => {
      killsOfRound = kills
      if (!isTemplateKnown) await agents.ask(api => register(api, templateOf(kind), 'template'))
      isTemplateKnown = true
      for (const service of services.values()) service.restartsBefore = service.mark === null ? null : service.restarts
      const name = `service-${round}`
      await agents.ask(api => register(api, serviceOf(name, kind), `register-${round}`))
      services.set(round, { name, mark: null, restarts: 0, restartsBefore: null, isStopped: false })
      const code = round % EXIT_CODES
      const meta = { code: String(code), seconds: String(kind.runSeconds) }
      runs.set(round, { jobId: await agents.ask(api => dispatch(api, `dispatch-${round}`, meta)), exitCode: code })
      const old = services.get(round - SERVICES_KEPT)
      if (old === undefined) return
      await agents.ask(api => stop(api, old.name, `stop-${round}`))
      old.isStopped = true
    },
    faults: async () => {
      const found: string[] = []
      for (const [round, service] of services) {
        const fault = await faultOfService(service)
        if (fault !== null) found.push(fault)
        else if (service.isStopped) services.delete(round)
      }
      for (const [round, run] of runs) {
        const fault = await faultOfRun(run)
        if (fault !== null) found.push(fault)
        else runs.delete(round)
      }
      return found
    },
    endAll: () => {
      for (const mark of started) kind.end(mark)
    },
    runPid: async round => {
      const run = runs.get(round)
      const found = run === undefined ? 'no run' : await look(run.jobId)
      return typeof found === 'string' ? undefined : Number(found.starts[0])
    },
    killRun: (round, pid) => {
      const run = runs.get(round)
      if (run !== undefined) run.exitCode = SIGKILL_EXIT
      process.kill(pid, 'SIGKILL')
    },
  }
}
