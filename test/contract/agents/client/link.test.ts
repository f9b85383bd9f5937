import { describe, expect, it } from 'vitest'
import { createFixedMachine } from '../../../../src/agents/client/fingerprint/machine.ts'
import {
  MAX_DESIRED_WAITING,
  MAX_DONE_REQUESTS,
  MAX_TERMINAL_ALLOCATIONS,
  REAP_EVERY_MS,
} from '../../../../src/agents/client/limits.ts'
import { createMemoryStateStore, type StateStore } from '../../../../src/agents/client/state-store.ts'
import type { TaskRequest } from '../../../../src/protocol/client-link.ts'
import { buildDesired, createAgentBench, mockTask } from '../../../support/agent-bench.ts'
import { settle } from '../../../support/manual-clock.ts'

const forever = { run_for: '24h' }

describe('the link of a client agent', () => {
  it('loses no report when it is cut: the unacknowledged one comes again under its sequence, then a full one', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin()
    await bench.agent().ready
    bench.server.withholdAcks(true)
    bench.server.desire([desired])
    await bench.clock.advance(1_000)
    const sent = bench.server.messages.flatMap(message => (message.kind === 'report' ? [message.report] : [])).at(-1)
    bench.server.cut()
    bench.server.withholdAcks(false)
    await bench.clock.advance(2_000)
    const after = bench.server.messages.slice(bench.server.messages.findLastIndex(({ kind }) => kind === 'hello'))
    const reports = after.flatMap(message => (message.kind === 'report' ? [message.report] : []))
    expect(reports[0]).toEqual(sent)
    expect(reports[1]).toMatchObject({ isFull: true, sequence: (sent?.sequence ?? 0) + 1 })
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running' })
    expect(bench.server.eventTypes(desired.allocationId, 'web')).toEqual(['Received', 'Task Setup', 'Started'])
  })

  it('keeps tasks running while no server answers, and tells all of it later', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', { run_for: '60s' })] }, {}, { type: 'batch' })
    await bench.begin([desired])
    await bench.clock.advance(1_000)
    bench.server.refuseDials(true)
    bench.server.cut()
    await bench.clock.advance(120_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running' })
    bench.server.refuseDials(false)
    await bench.clock.advance(20_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', exitCode: 0 })
    expect(bench.server.eventTypes(desired.allocationId, 'web').at(-1)).toBe('Terminated')
  })

  it('repeats a saved report as the same one after a crash, and no event twice', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin()
    await bench.agent().ready
    bench.server.desire([desired])
    await bench.clock.advance(10)
    bench.server.withholdAcks(true)
    await bench.clock.advance(1_000)
    bench.agent().crash()
    bench.server.withholdAcks(false)
    await bench.begin([desired])
    await bench.clock.advance(1_000)
    expect(bench.server.eventTypes(desired.allocationId, 'web')).toEqual(['Received', 'Task Setup', 'Started'])
    const sequences = bench.server.reports().map(({ sequence }) => sequence)
    expect(sequences).toEqual(sequences.map((_, index) => index + 1))
  })

  it('says as its last word that it leaves, where it is told to', async () => {
    for (const leaves of [true, false]) {
      const bench = createAgentBench()
      await bench.begin()
      await bench.agent().stop({ endsTasks: false, leaves })
      expect(bench.server.messages.at(-1)?.kind === 'leave').toBe(leaves)
    }
  })

  it('hangs up on a server that is silent for longer than the heartbeat allows', async () => {
    const bench = createAgentBench()
    await bench.begin()
    const helloes = () => bench.server.messages.filter(({ kind }) => kind === 'hello').length
    expect(helloes()).toBe(1)
    await bench.clock.advance(60_000)
    expect(helloes()).toBe(1)
    expect(bench.server.messages.filter(({ kind }) => kind === 'heartbeat').length).toBeGreaterThan(10)
    bench.server.fallSilent(true)
    await bench.clock.advance(20_000)
    bench.server.fallSilent(false)
    await bench.clock.advance(20_000)
    expect(helloes()).toBeGreaterThan(1)
  })

  it('tells what changed of its node while its greeting was not answered yet', async () => {
    let listening: readonly number[] = []
    const bench = createAgentBench({ machine: { ...createFixedMachine(), listeningPorts: async () => listening } })
    bench.server.refuseDials(true)
    bench.server.fallSilent(true)
    await bench.startAgent()
    await bench.clock.advance(1_000)
    bench.server.refuseDials(false)
    await bench.clock.advance(8_000)
    expect(bench.server.messages).toMatchObject([{ kind: 'hello', node: { foreignPorts: [] } }])
    listening = [8_080]
    // The ports are looked at, and the greeting is not given up yet.
    await bench.clock.advance(1_100)
    expect(bench.server.messages).toHaveLength(1)
    bench.server.send({ kind: 'welcome', serverTime: bench.clock.now(), heartbeatTtlMs: 10_000, region: 'global' })
    await settle()
    expect(bench.server.messages).toContainEqual({ kind: 'fingerprint', changes: { foreignPorts: [8_080] } })
    await bench.clock.advance(12_000)
    expect(bench.server.messages.filter(({ kind }) => kind === 'fingerprint')).toHaveLength(1)
  })

  it('pauses longer and longer between dials that fail', async () => {
    const bench = createAgentBench()
    bench.server.refuseDials(true)
    await bench.startAgent()
    await bench.clock.advance(60_000)
    expect(bench.server.dialCount()).toBeGreaterThan(6)
    expect(bench.server.dialCount()).toBeLessThan(25)
  })
})

describe('the desired state', () => {
  it('ends what a full message does not name', async () => {
    const bench = createAgentBench()
    const one = buildDesired(1, { tasks: [mockTask('web', forever)] })
    const two = buildDesired(2, { tasks: [mockTask('web', forever)] })
    await bench.begin([one, two])
    await bench.clock.advance(500)
    expect(bench.world.running()).toHaveLength(2)
    bench.server.desire([two], { isFull: true })
    await bench.clock.advance(1_000)
    expect(bench.world.running()).toEqual([`${two.allocationId}/web/1`])
    expect(bench.server.task(one.allocationId, 'web')?.phase).toBe('dead')
  })

  it('reports what it is told to stop and does not hold as dead', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] }, { desired: 'stop' })
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', startNumber: 0 })
    expect(bench.world.running()).toEqual([])
  })

  it('asks for everything again when an allocation comes without the specification it does not have', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin()
    bench.server.desire([{ ...desired, job: null }])
    await bench.clock.advance(5_000)
    const helloes = bench.server.messages.filter(message => message.kind === 'hello')
    expect(helloes).toHaveLength(2)
    expect(helloes[1]).toMatchObject({ checkpoint: -1 })
  })

  it('resumes from the position that it acted on', async () => {
    const bench = createAgentBench()
    await bench.begin()
    bench.server.desire([])
    await bench.clock.advance(100)
    bench.server.cut()
    await bench.clock.advance(5_000)
    expect(bench.server.messages.findLast(message => message.kind === 'hello')).toMatchObject({ checkpoint: 2 })
  })

  it('starts an allocation with a static port only when the one that gives it up is terminal', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('web', { run_for: '24h', kill_after: '3s' })]
    const old = buildDesired(1, { tasks }, { ports: [5000] })
    await bench.begin([old])
    await bench.clock.advance(500)
    const next = buildDesired(2, { tasks }, { ports: [5000], previousId: old.allocationId })
    bench.server.desire([next, { ...old, job: null, desired: 'stop' }])
    await bench.clock.advance(2_000)
    expect(bench.world.running()).toEqual([`${old.allocationId}/web/1`])
    await bench.clock.advance(2_000)
    expect(bench.world.running()).toEqual([`${next.allocationId}/web/1`])
  })

  it('starts an allocation only when the one that it inherits resources from is terminal, ports or not', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('web', { run_for: '24h', kill_after: '3s' })]
    const old = buildDesired(1, { tasks })
    await bench.begin([old])
    await bench.clock.advance(500)
    const next = buildDesired(2, { tasks }, { previousId: old.allocationId })
    bench.server.desire([next, { ...old, job: null, desired: 'stop' }])
    await bench.clock.advance(2_000)
    expect(bench.world.running()).toEqual([`${old.allocationId}/web/1`])
    await bench.clock.advance(2_000)
    expect(bench.world.running()).toEqual([`${next.allocationId}/web/1`])
  })

  it('forgets what the servers collected', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', { run_for: '1s' })] }, {}, { type: 'batch' })
    await bench.begin([desired])
    await bench.clock.advance(3_000)
    bench.server.desire([], { collected: [desired.allocationId] })
    await bench.clock.advance(500)
    expect((await bench.state.load()).allocations).toEqual([])
  })
})

describe('requests of users', () => {
  const restart = (allocationId: string, overrides: Partial<TaskRequest> = {}): TaskRequest =>
    ({
      kind: 'restart',
      requestId: 'request-1',
      allocationId,
      task: 'web',
      startNumber: 1,
      expiresAt: Number.MAX_SAFE_INTEGER,
      ...overrides,
    }) as TaskRequest
  const outcomes = (bench: ReturnType<typeof createAgentBench>) =>
    bench.server.reports().flatMap(report => report.requests.map(({ outcome }) => outcome))

  it('restart the start that they mean, once, without counting against the policy', async () => {
    const bench = createAgentBench()
    const none = { attempts: 0, intervalMs: 60_000, delayMs: 1_000, mode: 'fail', rendersTemplates: false } as const
    const desired = buildDesired(1, { tasks: [mockTask('web', forever, { restart: none })] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    bench.server.desire([], { requests: [restart(desired.allocationId)] })
    await bench.clock.advance(1_000)
    bench.server.desire([], { requests: [restart(desired.allocationId)] })
    await bench.clock.advance(1_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({
      phase: 'running',
      startNumber: 2,
      restarts: 1,
    })
    expect(outcomes(bench)).toEqual(['done', 'done'])
    expect(bench.server.eventTypes(desired.allocationId, 'web').slice(3)).toEqual([
      'Restart Signaled',
      'Terminated',
      'Restarting',
      'Started',
    ])
  })

  it('are refused when they expired, mean a start that is over, or a task that is not there', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    bench.server.desire([], {
      requests: [
        restart(desired.allocationId, { requestId: 'a', expiresAt: 1 }),
        restart(desired.allocationId, { requestId: 'b', startNumber: 7 }),
        restart(desired.allocationId, { requestId: 'c', task: 'nobody' }),
        restart('nowhere', { requestId: 'd' }),
      ],
    })
    await bench.clock.advance(1_000)
    expect(outcomes(bench)).toEqual(['expired', 'expired', 'failed', 'failed'])
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ startNumber: 1 })
  })

  it('send signals, and say when the driver cannot', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, {
      tasks: [
        mockTask('web', { run_for: '24h', kill_after: '1h' }),
        mockTask('deaf', { run_for: '24h', signal_error: 'no ears' }),
      ],
    })
    await bench.begin([desired])
    await bench.clock.advance(500)
    const signal = (requestId: string, task: string): TaskRequest => ({
      ...restart(desired.allocationId, { requestId, task }),
      kind: 'signal',
      signal: 'SIGHUP',
    })
    bench.server.desire([], { requests: [signal('a', 'web'), signal('b', 'deaf')] })
    await bench.clock.advance(1_000)
    expect(outcomes(bench)).toEqual(['done', 'failed'])
    expect(bench.server.eventMessages(desired.allocationId, 'web').at(-1)).toContain('signal SIGHUP')
  })
})

describe('an agent that stops', () => {
  it('takes its tasks along when it is told to, and leaves nothing', async () => {
    const bench = createAgentBench()
    await bench.begin([buildDesired(1, { tasks: [mockTask('web', forever)] })])
    await bench.clock.advance(500)
    const stopped = bench.agent().stop({ endsTasks: true })
    await bench.clock.advance(1_000)
    await stopped
    expect(bench.world.running()).toEqual([])
    expect((await bench.state.load()).allocations).toEqual([])
  })

  it('kills what does not end in time', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('web', { run_for: '24h', ignore_stop: true }, { killTimeoutMs: 30_000 })]
    await bench.begin([buildDesired(1, { tasks })])
    await bench.clock.advance(500)
    const stopped = bench.agent().stop({ endsTasks: true, timeoutMs: 2_000 })
    await bench.clock.advance(3_000)
    expect(bench.world.running()).toEqual([])
    await bench.clock.advance(60_000)
    await stopped
  })

  it('leaves its tasks running otherwise, and the next one goes on with them', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    await bench.agent().stop({ endsTasks: false })
    expect(bench.world.running()).toHaveLength(1)
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 1 })
  })

  it('does not start anew what was lost before a server was heard', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    bench.agent().crash()
    bench.world.loseTasks()
    bench.server.refuseDials(true)
    await settle()
    await bench.startAgent()
    await bench.clock.advance(60_000)
    expect(bench.world.running()).toEqual([])
    bench.server.refuseDials(false)
    await bench.clock.advance(15_000)
    bench.server.desire([desired], { isFull: true })
    await bench.clock.advance(30_000)
    expect(bench.world.running()).toEqual([`${desired.allocationId}/web/2`])
    expect(bench.server.eventTypes(desired.allocationId, 'web')).toContain('Failed Restoring Task')
  })

  it('removes tasks that it started and has no record of', async () => {
    const bench = createAgentBench()
    await bench.begin()
    const nodeId = bench.agent().nodeId()
    bench.agent().crash()
    const plan = { runForMs: 1e9, exit: { exitCode: 0, signal: 0, isOomKilled: false }, endsAfterSignalMs: 0 }
    bench.world.start('stray', { 'dev.muster.node': nodeId }, plan)
    await bench.begin()
    expect(bench.world.running()).toEqual([])
  })
})

describe('an agent that dies between a start and its record', () => {
  /** The first agent never gets a running task onto the disk. */
  const dieInBetween = async () => {
    const inner = createMemoryStateStore()
    let isStuck = true
    const state: StateStore = {
      ...inner,
      saveProgress: (id, progress) =>
        isStuck && progress.records.some(record => record.phase.kind === 'running')
          ? new Promise<never>(() => {})
          : inner.saveProgress(id, progress),
    }
    const bench = createAgentBench({ state })
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.world.running()).toHaveLength(1)
    expect(bench.server.task(desired.allocationId, 'web')?.phase).toBe('pending')
    bench.agent().crash()
    isStuck = false
    return { bench, desired }
  }

  it('adopts the start instead of starting a second one', async () => {
    const { bench, desired } = await dieInBetween()
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.world.running()).toEqual([`${desired.allocationId}/web/1`])
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 1 })
  })

  it('removes what came of the start when the task is to stop', async () => {
    const { bench, desired } = await dieInBetween()
    await bench.begin([{ ...desired, desired: 'stop' }])
    await bench.clock.advance(500)
    expect(bench.world.running()).toEqual([])
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead' })
  })
})

describe('the limits of a client agent', () => {
  it('keep the directories of so many terminal allocations, the newest', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('web', { run_for: '1s' })]
    const many = Array.from({ length: MAX_TERMINAL_ALLOCATIONS + 3 }, (_, index) =>
      buildDesired(index, { tasks }, {}, { type: 'batch' }),
    )
    await bench.begin(many.slice(0, 3))
    await bench.clock.advance(5_000)
    bench.server.desire(many.slice(3))
    await bench.clock.advance(10_000)
    const kept = (await bench.state.load()).allocations.map(({ held }) => held.allocationId)
    expect(kept).toHaveLength(MAX_TERMINAL_ALLOCATIONS)
    expect(kept).not.toContain(many[0]?.allocationId)
  })

  it('keep what ended beyond that until its end is acknowledged: it is not run again, nor said to be something older', async () => {
    const bench = createAgentBench()
    const tasks = [mockTask('web', { run_for: '1s' })]
    const many = Array.from({ length: MAX_TERMINAL_ALLOCATIONS + 3 }, (_, index) =>
      buildDesired(index, { tasks }, {}, { type: 'batch' }),
    )
    await bench.begin(many.slice(0, 3))
    bench.server.withholdAcks(true)
    bench.server.desire(many.slice(3))
    await bench.clock.advance(10_000)
    expect((await bench.state.load()).allocations).toHaveLength(MAX_TERMINAL_ALLOCATIONS + 3)
    bench.server.withholdAcks(false)
    bench.server.cut()
    await bench.clock.advance(10_000)
    expect((await bench.state.load()).allocations).toHaveLength(MAX_TERMINAL_ALLOCATIONS)
    expect(bench.server.task(many[0]?.allocationId ?? '', 'web')).toMatchObject({ phase: 'dead', startNumber: 1 })
  })

  it('begin the link anew when desired state comes faster than it can be taken', async () => {
    const bench = createAgentBench()
    await bench.begin()
    for (let sent = 0; sent <= MAX_DESIRED_WAITING + 1; sent += 1) bench.server.desire([])
    await bench.clock.advance(5_000)
    expect(bench.server.messages.filter(({ kind }) => kind === 'hello').length).toBeGreaterThan(1)
  })

  it('remember so many requests that were done', async () => {
    const bench = createAgentBench()
    await bench.begin()
    const requests = Array.from(
      { length: MAX_DONE_REQUESTS + 1 },
      (_, index): TaskRequest => ({
        kind: 'restart',
        requestId: `r${index}`,
        allocationId: 'nowhere',
        task: '',
        startNumber: null,
        expiresAt: Number.MAX_SAFE_INTEGER,
      }),
    )
    bench.server.desire([], { requests })
    await bench.clock.advance(1_000)
    const { doneRequests } = (await bench.state.load()).checkpoint
    expect(doneRequests).toHaveLength(MAX_DONE_REQUESTS)
    expect(doneRequests[0]).toBe('r1')
  })

  it('answers what tasks and the node use when it is asked', async () => {
    const bench = createAgentBench()
    const config = { ...forever, usage_cpu_percent: 50, usage_memory_mb: 8 }
    const desired = buildDesired(1, { tasks: [mockTask('web', config), mockTask('db', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(1_000)
    bench.server.send({ kind: 'request', requestId: 1, request: { kind: 'stats', allocationId: desired.allocationId } })
    bench.server.send({ kind: 'request', requestId: 2, request: { kind: 'node-stats' } })
    bench.server.send({ kind: 'request', requestId: 3, request: { kind: 'stats', allocationId: 'unheard-of' } })
    await bench.clock.advance(1_000)
    const answers = new Map(
      bench.server.messages.flatMap(message =>
        message.kind === 'answer' ? [[message.requestId, message.answer] as const] : [],
      ),
    )
    // The bench's machine has one core of 4,000 MHz.
    expect(answers.get(1)).toMatchObject({
      kind: 'stats',
      tasks: { web: { cpuPercent: 50, cpuMhz: 2_000, memoryBytes: 8 * 1_048_576 }, db: { cpuMhz: 0, memoryBytes: 0 } },
      unknown: {},
    })
    expect(answers.get(2)).toMatchObject({
      kind: 'node-stats',
      tasks: { taskCount: 2, cpuMhz: 2_000, memoryBytes: 8 * 1_048_576 },
      host: { disk: { device: 'disk' } },
    })
    expect(answers.get(3)).toMatchObject({ kind: 'error', code: 'NOT_FOUND' })
  })
})

describe('what is nobody’s', () => {
  const strange = (bench: ReturnType<typeof createAgentBench>, id: string): void => {
    const labels = { 'dev.muster.node': bench.agent().nodeId() }
    const exit = { exitCode: 0, signal: 0, isOomKilled: false }
    bench.world.start(id, labels, { runForMs: 1e9, exit, endsAfterSignalMs: 0 })
  }

  it('is removed again and again, and what is on record is left alone', async () => {
    const bench = createAgentBench()
    const desired = buildDesired(1, { tasks: [mockTask('web', forever)] })
    await bench.begin([desired])
    await bench.clock.advance(1_000)
    const [own = ''] = bench.world.running()
    const another = own.replace(/1$/, '2')
    for (const id of ['unheard-of/web/1', another]) strange(bench, id)
    await bench.clock.advance(REAP_EVERY_MS - 2_000)
    expect(bench.world.running()).toHaveLength(3)
    await bench.clock.advance(2_000)
    expect(bench.world.running()).toEqual([own])
    strange(bench, another)
    await bench.clock.advance(REAP_EVERY_MS)
    expect(bench.world.running()).toEqual([own])
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', restarts: 0 })
  })

  it('is left alone by an agent that stopped', async () => {
    const bench = createAgentBench()
    await bench.begin()
    await bench.agent().stop({ endsTasks: false })
    strange(bench, 'unheard-of/web/1')
    await bench.clock.advance(2 * REAP_EVERY_MS)
    expect(bench.world.running()).toEqual(['unheard-of/web/1'])
  })
})
