import { type ClientAgent, createClientAgent } from '../../src/agents/client/agent.ts'
import type { Probe } from '../../src/agents/client/checks.ts'
import { createMemoryDirectories, type Directories } from '../../src/agents/client/directories.ts'
import { createMockDriver } from '../../src/agents/client/drivers/mock/mock-driver.ts'
import { createMockWorld, type MockWorld } from '../../src/agents/client/drivers/mock/mock-world.ts'
import { createFixedMachine, type Machine } from '../../src/agents/client/fingerprint/machine.ts'
import type { NodeConfig } from '../../src/agents/client/node-config.ts'
import { createMemoryStateStore, type StateStore } from '../../src/agents/client/state-store.ts'
import type { Job, Task, TaskGroup } from '../../src/domain/jobspec/schema.ts'
import type { AllocationsReported, TaskReport } from '../../src/domain/report/events.ts'
import type { Clock } from '../../src/platform/clock.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { seededRandom } from '../../src/platform/random.ts'
import type { AgentMessage, DesiredAllocation, ServerLink, ServerMessage } from '../../src/protocol/client-link.ts'
import { buildGroup, buildJob, buildTask } from './builders.ts'
import { createLinkPair } from './link-pair.ts'
import { createManualClock, type ManualClock, settle } from './manual-clock.ts'

/** One client agent over a pretended machine and a server that only plays its part of the link. */

export const buildNodeConfig = (overrides: Partial<NodeConfig> = {}): NodeConfig => ({
  name: 'node-1',
  region: 'global',
  datacenter: 'dc1',
  nodePool: 'default',
  nodeClass: '',
  meta: {},
  reserved: { cpuMhz: 0, memoryMb: 0, diskMb: 0 },
  reservedPorts: [],
  dynamicPorts: { min: 20_000, max: 32_000 },
  version: '0.1.0',
  cluster: 'test',
  ...overrides,
})

const allocationIdOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** A task of the mock driver; durations in its config are Go's. */
export const mockTask = (name: string, config: Task['config'], overrides: Partial<Task> = {}): Task =>
  buildTask({ name, driver: 'mock', config, ...overrides })

export const buildDesired = (
  number: number,
  group: Partial<TaskGroup>,
  overrides: Partial<DesiredAllocation> = {},
  job: Partial<Job> = {},
): DesiredAllocation => {
  const spec = buildJob({ ...job, groups: [buildGroup({ name: 'app', update: null, ...group })] })
  return {
    allocationId: allocationIdOf(number),
    namespace: spec.namespace,
    jobId: spec.id,
    jobName: spec.name,
    parentId: null,
    jobVersion: 0,
    group: 'app',
    index: 0,
    name: `${spec.name}.app[0]`,
    desired: 'run',
    stopReason: '',
    job: spec,
    clear: {},
    payload: null,
    ports: [],
    previousId: null,
    deploymentId: null,
    createdAt: 0,
    ...overrides,
  }
}

/** The server's end: keeps what it is told, as the fold of reports would, and acknowledges when it is asked to. */
export type FakeServer = {
  readonly dial: () => Promise<ReturnType<typeof createLinkPair>['agent']>
  readonly send: (message: ServerMessage) => void
  readonly desire: (
    allocations: readonly DesiredAllocation[],
    more?: Partial<Extract<ServerMessage, { kind: 'desired' }>>,
  ) => void
  /** From now on every agent that is welcomed gets this as its whole desired state. */
  readonly welcomeWith: (desired: () => readonly DesiredAllocation[]) => void
  readonly cut: () => void
  readonly isConnected: () => boolean
  readonly refuseDials: (isRefusing: boolean) => void
  readonly dialCount: () => number
  /** Takes messages and answers none, not even heartbeats. */
  readonly fallSilent: (isSilent: boolean) => void
  /** Reports stay without acknowledgement while this is true. */
  readonly withholdAcks: (isWithholding: boolean) => void
  readonly messages: AgentMessage[]
  /** Reports in the order of their first arrival, each sequence once. */
  readonly reports: () => readonly AllocationsReported['data'][]
  readonly task: (allocationId: string, task: string) => TaskReport | undefined
  readonly eventTypes: (allocationId: string, task: string) => readonly string[]
  readonly eventMessages: (allocationId: string, task: string) => readonly string[]
}

export const createFakeServer = (clock: Pick<Clock, 'now'>): FakeServer => {
  const messages: AgentMessage[] = []
  const bySequence = new Map<string, AllocationsReported['data']>()
  let current: ServerLink | undefined
  let isRefusing = false
  let isWithholding = false
  let isSilent = false
  let isGreeted = false
  let greeting: (() => readonly DesiredAllocation[]) | undefined
  let dials = 0
  let position = 0
  const send = (message: ServerMessage): void => current?.send(message)
  const desire: FakeServer['desire'] = (allocations, more = {}) => {
    position += 1
    send({
      kind: 'desired',
      position,
      serverTime: clock.now(),
      isFull: false,
      allocations,
      collected: [],
      requests: [],
      ...more,
    })
  }
  const answer = (link: ServerLink, message: AgentMessage): void => {
    messages.push(message)
    if (isSilent) return
    if (message.kind === 'hello') {
      isGreeted = true
      link.send({ kind: 'welcome', serverTime: clock.now(), heartbeatTtlMs: 10_000, region: 'global' })
      if (greeting !== undefined) desire(greeting(), { isFull: true })
    } else if (message.kind === 'leave') link.close('the agent left')
    else if (message.kind === 'heartbeat') link.send({ kind: 'heartbeat-ack', serverTime: clock.now() })
    else if (message.kind === 'report') {
      const key = `${message.report.bootId}/${message.report.sequence}`
      if (!bySequence.has(key)) bySequence.set(key, message.report)
      if (!isWithholding) link.send({ kind: 'reported', sequence: message.report.sequence, position })
    }
  }
  const reports = (): readonly AllocationsReported['data'][] => [...bySequence.values()]
  const eventsOf = (allocationId: string, task: string) =>
    reports()
      .flatMap(report => report.allocations.filter(one => one.allocationId === allocationId))
      .flatMap(one => one.events.filter(event => event.task === task))
  return {
    messages,
    send,
    reports,
    dial: async () => {
      dials += 1
      if (isRefusing) throw new Error('connection refused')
      const { agent, server } = createLinkPair()
      current = server
      isGreeted = false
      server.onMessage(message => answer(server, message))
      return agent
    },
    desire,
    welcomeWith: next => {
      greeting = next
    },
    isConnected: () => isGreeted,
    cut: () => current?.close('the wire was cut'),
    refuseDials: next => {
      isRefusing = next
    },
    dialCount: () => dials,
    fallSilent: next => {
      isSilent = next
    },
    withholdAcks: next => {
      isWithholding = next
    },
    task: (allocationId, task) =>
      reports()
        .flatMap(report => report.allocations.filter(one => one.allocationId === allocationId))
        .flatMap(one => one.tasks.filter(candidate => candidate.task === task))
        .at(-1),
    eventTypes: (allocationId, task) => eventsOf(allocationId, task).map(({ type }) => type),
    eventMessages: (allocationId, task) => eventsOf(allocationId, task).map(({ message }) => message),
  }
}

export type AgentBench = {
  readonly clock: ManualClock
  readonly server: FakeServer
  readonly world: MockWorld
  readonly state: StateStore
  readonly directories: Directories
  readonly agent: () => ClientAgent
  /** Starts an agent over the bench's state and world, as after a crash or a stop of the one before. */
  readonly startAgent: () => Promise<void>
  /** Starts an agent and gives it an empty desired state. */
  readonly begin: (allocations?: readonly DesiredAllocation[]) => Promise<void>
}

export type BenchOptions = {
  readonly probe?: Probe
  readonly machine?: Machine
  readonly directories?: Directories
  readonly state?: StateStore
}

export const createAgentBench = (options: BenchOptions = {}): AgentBench => {
  const clock = createManualClock()
  const server = createFakeServer(clock)
  const world = createMockWorld(clock)
  const state = options.state ?? createMemoryStateStore()
  const directories = options.directories ?? createMemoryDirectories()
  let agent: ClientAgent | undefined
  let seed = 1
  const startAgent = async (): Promise<void> => {
    seed += 1
    agent = createClientAgent({
      clock,
      random: seededRandom(seed),
      logger: silentLogger,
      dial: server.dial,
      drivers: [createMockDriver({ clock }, world)],
      state,
      directories,
      machine: options.machine ?? createFixedMachine(),
      probe: options.probe ?? (async () => ({ isSuccess: true, output: 'ok' })),
      node: buildNodeConfig(),
      // Each process of an agent has a label of its own, as a dev agent's run has.
      labels: { 'dev.muster.agent': String(seed) },
    })
    await agent.start()
    await settle()
  }
  return {
    clock,
    server,
    world,
    state,
    directories,
    startAgent,
    agent: () => {
      if (agent === undefined) throw new Error('no agent was started')
      return agent
    },
    begin: async (allocations = []) => {
      await startAgent()
      server.desire(allocations, { isFull: true })
      await settle()
    },
  }
}
