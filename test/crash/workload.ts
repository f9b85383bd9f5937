import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Api } from '../../src/protocol/sdk.ts'
import type { Agents } from './agents.ts'

/**
 * What users do in a round, and what must have become of it. Services keep running until they are stopped rounds later;
 * runs end with an exit code of their own. Every start of a task appends a line with its process to a file of the
 * allocation, so that a second start shows, whoever made it.
 */
export type Workload = {
  /** Registers a service, dispatches a run, stops the service of some rounds ago. All of it is acknowledged. */
  readonly act: (round: number) => Promise<void>
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

const serviceOf = (name: string): string => `job "${name}" {
  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo $$ >> $NOMAD_ALLOC_DIR/starts; while :; do sleep 60; done"]
      }
      resources {
        cpu    = 10
        memory = 10
      }
    }
  }
}
`

const template = `job "run" {
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
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo $$ >> $NOMAD_ALLOC_DIR/starts; sleep $NOMAD_META_seconds; exit $NOMAD_META_code"]
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
type Allocation = {
  readonly id: string
  readonly clientStatus: string
  readonly tasks: readonly { readonly state: string; readonly exitCode: number | null; readonly restarts: number }[]
}

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
      allocations(jobId: $jobId) { nodes { id clientStatus tasks { state exitCode restarts } } }
    }`,
    { jobId },
  )
  return allocations.nodes
}

export const isProcessAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^\) [ZX] /.test(stat.slice(stat.lastIndexOf(')')))
  } catch {
    return false
  }
}

type Service = { readonly name: string; pid: number | null; isStopped: boolean }
type Run = { readonly jobId: string; exitCode: number }

export const createWorkload = (agents: Agents, runSeconds: number): Workload => {
  const services = new Map<number, Service>()
  const runs = new Map<number, Run>()
  const started = new Set<number>()
  let isTemplateKnown = false

  const startsOf = (allocation: string): readonly number[] => {
    const path = join(agents.client.dataDir, 'alloc', allocation, 'alloc/starts')
    const pids = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n').map(Number) : []
    for (const pid of pids) started.add(pid)
    return pids
  }

  /** The one allocation and the one start that a job must have, or what is wrong instead. */
  const soleStart = async (
    jobId: string,
  ): Promise<string | { readonly allocation: Allocation; readonly pid: number }> => {
    const allocations = await allocationsOf(agents.api, jobId)
    const [allocation] = allocations
    if (allocation === undefined || allocations.length > 1) return `${jobId} has ${allocations.length} allocations`
    const starts = startsOf(allocation.id)
    const [pid] = starts
    if (pid === undefined) return `${jobId} has not started`
    if (starts.length > 1) return `${jobId} was started ${starts.length} times: ${starts.join(', ')}`
    return { allocation, pid }
  }

  const faultOfService = async (service: Service): Promise<string | null> => {
    const found = await soleStart(service.name)
    if (typeof found === 'string') return found
    const { allocation, pid } = found
    const [task] = allocation.tasks
    if (service.pid !== null && service.pid !== pid)
      return `${service.name} runs as ${pid}, not as ${service.pid} any more`
    service.pid = pid
    if (service.isStopped) {
      if (isProcessAlive(pid)) return `${service.name} is stopped and runs on as ${pid}`
      return allocation.clientStatus === 'complete' ? null : `${service.name} is stopped and ${allocation.clientStatus}`
    }
    if (!isProcessAlive(pid)) return `${service.name} does not run any more`
    if (allocation.clientStatus !== 'running') return `${service.name} runs and counts as ${allocation.clientStatus}`
    return task?.restarts === 0 ? null : `${service.name} counts ${task?.restarts} restarts`
  }

  const faultOfRun = async (run: Run): Promise<string | null> => {
    const found = await soleStart(run.jobId)
    if (typeof found === 'string') return found
    const [task] = found.allocation.tasks
    if (task?.state !== 'dead') return `${run.jobId} is ${task?.state}`
    return task.exitCode === run.exitCode ? null : `${run.jobId} ended with ${task.exitCode}, not with ${run.exitCode}`
  }

  return {
    act: async round => {
      if (!isTemplateKnown) await agents.ask(api => register(api, template, 'template'))
      isTemplateKnown = true
      const name = `service-${round}`
      await agents.ask(api => register(api, serviceOf(name), `register-${round}`))
      services.set(round, { name, pid: null, isStopped: false })
      const code = round % EXIT_CODES
      const meta = { code: String(code), seconds: String(runSeconds) }
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
      for (const pid of started) {
        try {
          process.kill(-pid, 'SIGKILL')
        } catch {
          // It ended by itself.
        }
      }
    },
    runPid: async round => {
      const run = runs.get(round)
      const found = run === undefined ? 'no run' : await soleStart(run.jobId)
      return typeof found === 'string' ? undefined : found.pid
    },
    killRun: (round, pid) => {
      const run = runs.get(round)
      if (run !== undefined) run.exitCode = SIGKILL_EXIT
      process.kill(pid, 'SIGKILL')
    },
  }
}
