import { describe, expect, it } from 'vitest'
import type { Template } from '../../../../src/domain/jobspec/schema.ts'
import type { LinkServiceInstance, ServerMessage } from '../../../../src/protocol/client-link.ts'
import { type AgentBench, buildDesired, createAgentBench, mockTask } from '../../../support/agent-bench.ts'

const forever = { run_for: '24h', kill_after: '10m' }
const redis = `{{ range nomadService "redis" }}REDIS={{ .Address }}:{{ .Port }}\n{{ end }}`

const template = (overrides: Partial<Template> = {}): Template => ({
  data: { sealed: 'x', digest: 'text' },
  sourcePath: '',
  destination: 'local/redis.env',
  changeMode: 'restart',
  changeSignal: '',
  splayMs: 0,
  perms: '0644',
  leftDelimiter: '{{',
  rightDelimiter: '}}',
  isEnv: false,
  isOnce: false,
  errorsOnMissingKey: false,
  ...overrides,
})

const instance = (port: number): LinkServiceInstance => ({
  id: `redis-${port}`,
  name: 'redis',
  node: 'node-1',
  address: '10.0.0.1',
  port,
  datacenter: 'dc1',
  tags: [],
  jobId: 'redis',
  allocationId: 'a',
})

const services = (ports: readonly number[]): ServerMessage => ({
  kind: 'services',
  namespace: 'default',
  name: 'redis',
  instances: ports.map(instance),
})

const withTemplate = (text: string, overrides: Partial<Template> = {}) =>
  buildDesired(1, { tasks: [mockTask('web', forever, { templates: [template(overrides)] })] }, { clear: { text } })

const fileOf = (bench: AgentBench, allocationId: string, path = 'local/redis.env') =>
  bench.directories.read({ allocationId, task: 'web', path }, 1_000)

describe('the templates of a task', () => {
  it('are rendered with an empty list when a service has no instances, and again when it has', async () => {
    const bench = createAgentBench()
    const desired = withTemplate(redis)
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.world.running()).toEqual([])
    // A server that answers within moments is no news.
    expect(bench.server.eventMessages(desired.allocationId, 'web')).not.toContain('Missing: nomad.service(redis)')
    await bench.clock.advance(3_000)
    expect(bench.server.eventMessages(desired.allocationId, 'web').at(-1)).toBe('Missing: nomad.service(redis)')
    expect(bench.server.messages).toContainEqual({
      kind: 'watch-services',
      services: [{ namespace: 'default', name: 'redis' }],
      lists: [],
    })
    bench.server.send(services([]))
    await bench.clock.advance(500)
    expect(bench.world.running()).toHaveLength(1)
    expect(await fileOf(bench, desired.allocationId)).toBe('')
    bench.server.send(services([6379]))
    await bench.clock.advance(2_000)
    expect(await fileOf(bench, desired.allocationId)).toBe('REDIS=10.0.0.1:6379\n')
    await bench.clock.advance(10_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 2 })
  })

  it('restart their task once for many changes that come together', async () => {
    const bench = createAgentBench()
    const desired = withTemplate(redis)
    await bench.begin([desired])
    bench.server.send(services([1]))
    await bench.clock.advance(500)
    bench.server.send(services([1, 2]))
    await bench.clock.advance(30)
    bench.server.send(services([1, 2, 3]))
    await bench.clock.advance(10_000)
    const types = bench.server.eventTypes(desired.allocationId, 'web')
    expect(types.filter(type => type === 'Restart Signaled')).toHaveLength(1)
    expect(bench.server.eventMessages(desired.allocationId, 'web')).toContain(
      'Template with change_mode restart re-rendered',
    )
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'running', startNumber: 2 })
  })

  it('trigger nothing when their content stays the same', async () => {
    const bench = createAgentBench()
    const desired = withTemplate(redis)
    await bench.begin([desired])
    bench.server.send(services([1]))
    await bench.clock.advance(500)
    bench.server.send(services([1]))
    await bench.clock.advance(5_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ startNumber: 1 })
  })

  it('send a signal, or nothing, where their change mode says so', async () => {
    for (const changeMode of ['signal', 'noop'] as const) {
      const bench = createAgentBench()
      const desired = withTemplate(redis, { changeMode, changeSignal: 'SIGUSR1' })
      await bench.begin([desired])
      bench.server.send(services([1]))
      await bench.clock.advance(500)
      bench.server.send(services([2]))
      await bench.clock.advance(5_000)
      expect(await fileOf(bench, desired.allocationId)).toBe('REDIS=10.0.0.1:2\n')
      const signals = bench.server.eventTypes(desired.allocationId, 'web').filter(type => type === 'Signaling')
      expect(signals).toHaveLength(changeMode === 'signal' ? 1 : 0)
      expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ startNumber: 1 })
    }
  })

  it('fail the set-up of their task when they cannot be rendered, naming the place', async () => {
    const bench = createAgentBench()
    const desired = withTemplate('fine\n{{ mustEnv "NOT_THERE" }}')
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', isFailed: true })
    const messages = bench.server.eventMessages(desired.allocationId, 'web')
    expect(messages.join('\n')).toMatch(/template for "local\/redis.env": line 2, .*NOT_THERE/)
  })

  it('fail the set-up when their destination leads out of the allocation', async () => {
    const bench = createAgentBench()
    const desired = withTemplate('x', { destination: '../../../etc/passwd' })
    await bench.begin([desired])
    await bench.clock.advance(500)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', isFailed: true })
    expect(bench.server.eventMessages(desired.allocationId, 'web').join()).toContain('leads outside')
  })

  it('act on what changed while the agent was away', async () => {
    const bench = createAgentBench()
    const desired = withTemplate(redis)
    await bench.begin([desired])
    bench.server.send(services([1]))
    await bench.clock.advance(500)
    bench.agent().crash()
    await bench.begin([desired])
    bench.server.send(services([2]))
    await bench.clock.advance(10_000)
    expect(await fileOf(bench, desired.allocationId)).toBe('REDIS=10.0.0.1:2\n')
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ startNumber: 2 })
  })

  it('do not keep a task that ends from being seen while they wait for services', async () => {
    const bench = createAgentBench()
    const job = { type: 'batch' } as const
    const tasks = [mockTask('web', { run_for: '20s' }, { templates: [template()] })]
    const desired = buildDesired(1, { tasks }, { clear: { text: redis } }, job)
    await bench.begin([desired])
    bench.server.send(services([1]))
    await bench.clock.advance(500)
    bench.agent().crash()
    await bench.begin([desired])
    await bench.clock.advance(30_000)
    expect(bench.server.task(desired.allocationId, 'web')).toMatchObject({ phase: 'dead', exitCode: 0 })
  })
})
