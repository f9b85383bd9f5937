import type { Caller, Commands, Outcome } from '../../src/app/api-commands.ts'
import type { ClusterState } from '../../src/domain/cluster/index.ts'
import type { DeploymentAdvance } from '../../src/domain/control/events.ts'
import type { RecordedEvent } from '../../src/eventstore/port.ts'
import { isAppError, messageOf } from '../../src/platform/errors.ts'
import type { Chance } from './chance.ts'
import type { ServerHost } from './server-host.ts'
import { fateOf, jobIds, makeJob } from './sim-jobs.ts'
import type { SimTime } from './virtual-clock.ts'

/** One thing that a user asks for; sent again under the same command id, it is the same thing. */
export type Operation = {
  readonly name: string
  readonly send: (commands: Commands, caller: Caller) => Promise<Outcome<object>>
}

export type Answer = { readonly commandId: string; readonly operation: string; readonly outcome: Outcome<object> }

/** Users: they ask, forget, and ask again when they were not answered. */
export type Workload = {
  readonly act: () => void
  /** Users who watch the log act at the very moment at which something happens, and mend what failed. */
  readonly notice: (event: RecordedEvent) => void
  /** Nobody asks for anything any more. */
  readonly rest: () => void
  /** Everything that was answered, resends included. */
  readonly answers: readonly Answer[]
  /** Errors that no user should ever see. */
  readonly bugs: readonly string[]
  readonly sent: () => number
}

export type WorkloadOptions = {
  readonly time: SimTime
  readonly chance: Chance
  readonly host: ServerHost
  readonly known: () => ClusterState
  readonly trace: (line: string) => void
}

const RESEND_PROBABILITY = 0.5
/** What was answered is now and then sent again, as by a client that lost the answer. */
const REPEAT_PROBABILITY = 0.15
const MAX_WAITING_RESENDS = 20
const IMPATIENCE = 6
/** How often a specification is drawn until one is found that fails. */
const SPOIL_ATTEMPTS = 8
/** A deployment that failed is mended at once by whoever waited for it. */
const MEND_PROBABILITY = 0.5
const HASTE_PROBABILITY = 0.01
const MAX_REACTION_MS = 5

const namespace = 'default'

const pickKey = <V>(chance: Chance, map: ReadonlyMap<string, V>): string =>
  chance.pick(Array.from(map.keys())) ?? 'none'

const pickJob = (chance: Chance, state: ClusterState): string => {
  const registered = Array.from(state.jobs.values()).filter(job => job.status !== 'purged')
  return chance.pick(registered)?.jobId ?? chance.pick(jobIds) ?? 'web'
}

const pickRunning = (chance: Chance, state: ClusterState): string => {
  const running = Array.from(state.allocations.values()).filter(allocation => allocation.observed === 'running')
  return chance.pick(running)?.id ?? pickKey(chance, state.allocations)
}

const register = (chance: Chance, id: string = chance.pick(jobIds) ?? 'web', spec = makeJob(id, chance)): Operation => {
  const source = JSON.stringify(spec)
  const job = {
    source,
    format: 'hcl' as const,
    filename: `${id}.nomad.hcl`,
    variables: [],
    variableFiles: [],
    environmentVariables: [],
  }
  return {
    name: `register ${id}`,
    send: (commands, caller) =>
      commands.registerJob({ job, checkIndex: null, message: '', evaluationPriority: null }, caller),
  }
}

/** A version that does not work, of a job that did: what deployments fail by, and go back from. */
const spoil = (chance: Chance, state: ClusterState): Operation => {
  const works = Array.from(state.deployments.values()).filter(({ status }) => status === 'successful')
  const id = state.jobs.get(chance.pick(works)?.jobKey ?? '')?.jobId ?? 'web'
  let spec = makeJob(id, chance)
  for (let attempt = 0; attempt < SPOIL_ATTEMPTS && fateOf(spec) === 'good'; attempt++) spec = makeJob(id, chance)
  return register(chance, id, spec)
}

const stop = (chance: Chance, state: ClusterState): Operation => {
  const input = {
    namespace,
    jobId: pickJob(chance, state),
    purges: chance.isHit(0.4),
    stopsChildren: chance.isHit(0.5),
  }
  return {
    name: `${input.purges ? 'purge' : 'stop'} ${input.jobId}`,
    send: (commands, caller) => commands.stopJob(input, caller),
  }
}

/** Purged and registered again in one go, before anybody has answered the purge. */
const replace = (chance: Chance, state: ClusterState): Operation => {
  const jobId = pickJob(chance, state)
  const registration = register(chance, jobIds.includes(jobId) ? jobId : 'web')
  return {
    name: `purge ${jobId} and ${registration.name}`,
    send: async (commands, caller) => {
      const input = { namespace, jobId, purges: true, stopsChildren: false }
      await commands.stopJob(input, { ...caller, commandId: `${caller.commandId}:purge` })
      return registration.send(commands, caller)
    },
  }
}

/** Somebody impatient asks again and again, before anybody has answered the first time. */
const insist = (chance: Chance, state: ClusterState): Operation => {
  const jobId = pickJob(chance, state)
  const forced = chance.integer(0, IMPATIENCE - 1)
  return {
    name: `evaluate ${jobId} ${IMPATIENCE} times`,
    send: async (commands, caller) => {
      const ask = (index: number) =>
        commands.evaluateJob(
          { namespace, jobId, forcesReschedule: index === forced },
          { ...caller, commandId: `${caller.commandId}:${index}` },
        )
      const answers = await Promise.all(Array.from({ length: IMPATIENCE }, (_, index) => ask(index)))
      return answers.find(({ kind }) => kind === 'rejected') ?? answers[0] ?? ask(0)
    },
  }
}

const dispatch = (chance: Chance): Operation => {
  const idempotencyToken = chance.isHit(0.3) ? `token-${chance.integer(1, 3)}` : null
  const input = {
    namespace,
    jobId: 'setup',
    meta: [{ name: 'budget', value: String(chance.integer(1, 9)) }],
    payload: chance.isHit(0.3) ? Buffer.from('payload').toString('base64') : null,
    idempotencyToken,
    idPrefix: '',
    priority: null,
  }
  return { name: 'dispatch setup', send: (commands, caller) => commands.dispatchJob(input, caller) }
}

const makers: readonly {
  readonly weight: number
  readonly make: (chance: Chance, state: ClusterState) => Operation
}[] = [
  { weight: 12, make: chance => register(chance) },
  { weight: 4, make: replace },
  { weight: 4, make: stop },
  { weight: 3, make: insist },
  { weight: 4, make: spoil },
  { weight: 4, make: dispatch },
  {
    weight: 1,
    make: () => ({
      name: 'force nightly',
      send: (commands, caller) => commands.forcePeriodic({ namespace, jobId: 'nightly' }, caller),
    }),
  },
  {
    weight: 2,
    make: (chance, state) => {
      const input = { namespace, jobId: pickJob(chance, state), forcesReschedule: chance.isHit(0.5) }
      return { name: `evaluate ${input.jobId}`, send: (commands, caller) => commands.evaluateJob(input, caller) }
    },
  },
  {
    weight: 3,
    make: (chance, state) => {
      const allocationId = pickRunning(chance, state)
      return {
        name: `stop allocation ${allocationId}`,
        send: (commands, caller) => commands.stopAllocation({ allocationId }, caller),
      }
    },
  },
  {
    weight: 3,
    make: (chance, state) => {
      const allocationId = pickRunning(chance, state)
      return {
        name: `restart allocation ${allocationId}`,
        send: (commands, caller) => commands.restartAllocation({ allocationId, task: '' }, caller),
      }
    },
  },
  {
    weight: 2,
    make: (chance, state) => {
      const allocationId = pickRunning(chance, state)
      const signal = chance.pick(['SIGHUP', 'SIGKILL']) ?? 'SIGHUP'
      return {
        name: `signal allocation ${allocationId} ${signal}`,
        send: (commands, caller) => commands.signalAllocation({ allocationId, task: 'main', signal }, caller),
      }
    },
  },
  {
    weight: 2,
    make: (chance, state) => {
      const input = { nodeId: pickKey(chance, state.nodes), isEligible: chance.isHit(0.6) }
      return {
        name: `eligibility ${input.nodeId} ${input.isEligible}`,
        send: (commands, caller) => commands.setNodeEligibility(input, caller),
      }
    },
  },
  { weight: 1, make: () => ({ name: 'collect', send: (commands, caller) => commands.collectGarbage({}, caller) }) },
]

const totalWeight = makers.reduce((sum, { weight }) => sum + weight, 0)

export const drawOperation = (chance: Chance, state: ClusterState): Operation => {
  let left = chance.integer(1, totalWeight)
  for (const { weight, make } of makers) {
    left -= weight
    if (left <= 0) return make(chance, state)
  }
  return register(chance)
}

export const createWorkload = (options: WorkloadOptions): Workload => {
  const { time, chance, host, trace } = options
  const answers: Answer[] = []
  const bugs: string[] = []
  const resends: { readonly commandId: string; readonly operation: Operation }[] = []
  let sent = 0
  let isResting = false

  const keepForResend = (commandId: string, operation: Operation): void => {
    if (resends.length < MAX_WAITING_RESENDS) resends.push({ commandId, operation })
  }

  const send = (commandId: string, operation: Operation): void => {
    const target = host.current()
    if (target === null) {
      keepForResend(commandId, operation)
      return
    }
    sent += 1
    trace(`user: ${operation.name} (${commandId})`)
    const caller: Caller = { actor: 'user', correlationId: commandId, commandId }
    operation.send(target.server.commands, caller).then(
      outcome => {
        // A dead server's answer reaches nobody.
        if (!target.process.isAlive()) return
        trace(`user: ${commandId} ${outcome.kind === 'rejected' ? `refused ${outcome.code}` : 'done'}`)
        answers.push({ commandId, operation: operation.name, outcome })
        if (chance.isHit(REPEAT_PROBABILITY)) keepForResend(commandId, operation)
      },
      (error: unknown) => {
        trace(`user: ${commandId} failed: ${messageOf(error)}`)
        if (target.process.isAlive() && !isAppError(error)) {
          bugs.push(`${operation.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
        }
        if (chance.isHit(RESEND_PROBABILITY)) keepForResend(commandId, operation)
      },
    )
  }

  const sendNew = (operation: Operation): void => send(`command-${sent}-${chance.integer(0, 999_999)}`, operation)

  const react = (draw: () => Operation): void => {
    time.after(chance.integer(0, MAX_REACTION_MS), () => {
      if (!isResting) sendNew(draw())
    })
  }

  const mend = ({ deploymentId, status }: DeploymentAdvance): void => {
    const job = options.known().jobs.get(options.known().deployments.get(deploymentId)?.jobKey ?? '')
    if (status !== 'failed' || job === undefined || !chance.isHit(MEND_PROBABILITY)) return
    react(() => register(chance, job.jobId))
  }

  return {
    answers,
    bugs,
    sent: () => sent,
    rest: () => {
      isResting = true
    },
    notice: ({ type, data }) => {
      if (isResting) return
      if (type === 'DeploymentsAdvanced')
        (data as { deployments: readonly DeploymentAdvance[] }).deployments.forEach(mend)
      else if (chance.isHit(HASTE_PROBABILITY)) react(() => drawOperation(chance, options.known()))
    },
    act: () => {
      const waiting = chance.isHit(0.3) ? resends.shift() : undefined
      if (waiting === undefined) sendNew(drawOperation(chance, options.known()))
      else send(waiting.commandId, waiting.operation)
    },
  }
}
