import { afterEach, describe, expect, it, vi } from 'vitest'
import { clientStatusOf } from '../../../../src/domain/cluster/index.ts'
import { type ControlPlane, caller, registration, startControlPlane } from '../../../support/control-plane.ts'
import { eventually } from '../../../support/eventually.ts'
import { createScriptedAgent, runHealthily } from '../../../support/scripted-agent.ts'

const service = (count: number, image = 'demo:1'): string => `job "web" {
  group "app" {
    count = ${count}
    network {
      port "http" { to = 8080 }
    }
    service {
      name     = "web-svc"
      port     = "http"
      provider = "nomad"
    }
    task "server" {
      driver = "docker"
      config { image = "${image}" }
      env { SECRET = "hunter2" }
    }
  }
}`

// The first job file waits for the HCL gate's worker, which a busy machine starts slowly.
vi.setConfig({ testTimeout: 30_000 })
let plane: ControlPlane
afterEach(() => plane.stop())

const deploymentIs = (status: string) =>
  eventually(`a deployment that is ${status}`, async () =>
    Array.from(plane.server.view.state.deployments.values()).find(deployment => deployment.status === status),
  )

describe('a control plane with one node', () => {
  it('places a service, follows its health and ends the deployment', async () => {
    plane = await startControlPlane()
    const agent = createScriptedAgent({ nodeId: 'n1', onRun: runHealthily })
    plane.server.hub.accept(agent.link)
    await eventually('the node', async () => plane.server.view.state.nodes.get('n1'))
    const registered = await plane.server.commands.registerJob(registration(service(2)), caller())
    expect(registered.kind).toBe('done')
    const deployment = await deploymentIs('successful')
    expect(deployment.groups.get('app')).toMatchObject({ placed: 2, healthy: 2, unhealthy: 0 })
    expect(Array.from(plane.server.view.state.allocations.values()).map(clientStatusOf)).toEqual(['running', 'running'])
    expect(plane.server.view.state.services.get('default/web-svc')?.size).toBe(2)
    expect(plane.server.view.state.jobs.get('default/web')?.versions[0]?.isStable).toBe(true)
  })

  it('tells an agent that comes with nothing which starts it reported before', async () => {
    plane = await startControlPlane()
    const first = createScriptedAgent({ nodeId: 'n1', onRun: runHealthily })
    plane.server.hub.accept(first.link)
    await eventually('the node', async () => plane.server.view.state.nodes.get('n1'))
    await plane.server.commands.registerJob(registration(service(1)), caller())
    await deploymentIs('successful')
    const [held] = first.held.values()
    expect(held?.starts).toBeUndefined()
    first.cut()
    const second = createScriptedAgent({ nodeId: 'n1' })
    plane.server.hub.accept(second.link)
    const again = await eventually('the allocation', async () => second.held.get(held?.allocationId ?? ''))
    expect(Object.values(again.starts ?? {})).toEqual([1])
  })

  it('hands the agent its values in clear and never writes them to the log', async () => {
    plane = await startControlPlane()
    const agent = createScriptedAgent({ nodeId: 'n1', onRun: runHealthily })
    plane.server.hub.accept(agent.link)
    await eventually('the node', async () => plane.server.view.state.nodes.get('n1'))
    await plane.server.commands.registerJob(registration(service(1)), caller())
    const [held] = await eventually('an allocation', async () =>
      agent.held.size > 0 ? Array.from(agent.held.values()) : undefined,
    )
    expect(Object.values(held?.clear ?? {})).toContain('hunter2')
    const log: string[] = []
    const all = new AbortController()
    for await (const item of plane.store.subscribe(-1, 'all', all.signal)) {
      if (item.kind === 'caught-up') break
      log.push(JSON.stringify(item))
    }
    expect(log.join('')).toContain('JobRegistered')
    expect(log.join('')).not.toContain('hunter2')
  })

  it('blocks what cannot be placed and places it when a node comes', async () => {
    plane = await startControlPlane()
    const registered = await plane.server.commands.registerJob(registration(service(1)), caller())
    expect(registered.kind).toBe('done')
    await eventually('a blocked evaluation', async () =>
      plane.server.view.state.blocked.size === 1 ? true : undefined,
    )
    plane.server.hub.accept(createScriptedAgent({ nodeId: 'n1', onRun: runHealthily }).link)
    await deploymentIs('successful')
    expect(plane.server.view.state.blocked.size).toBe(0)
    expect(plane.server.view.state.pending.size).toBe(0)
  })

  it('stops a purged job and keeps its evaluation readable', async () => {
    plane = await startControlPlane()
    const agent = createScriptedAgent({ nodeId: 'n1', onRun: runHealthily })
    plane.server.hub.accept(agent.link)
    await plane.server.commands.registerJob(registration(service(1)), caller())
    await deploymentIs('successful')
    const stopped = await plane.server.commands.stopJob(
      { namespace: 'default', jobId: 'web', purges: true, stopsChildren: false },
      caller(),
    )
    if (stopped.kind !== 'done') throw new Error(stopped.message)
    const { state } = plane.server.view
    await eventually('the end of the allocation', async () =>
      Array.from(state.allocations.values()).every(allocation => allocation.observed === 'complete') ? true : undefined,
    )
    expect(state.evaluations.get(stopped.evaluationId ?? '')?.status).toBe('complete')
    expect(state.services.size).toBe(0)
    expect(state.nodes.get('n1')?.usage).toMatchObject({ cpuMhz: 0, memoryMb: 0 })
  })

  it('passes on a signal that the node has, by its full name, and no other', async () => {
    plane = await startControlPlane()
    const agent = createScriptedAgent({ nodeId: 'n1', onRun: runHealthily })
    plane.server.hub.accept(agent.link)
    await plane.server.commands.registerJob(registration(service(1)), caller())
    await deploymentIs('successful')
    const [allocationId = ''] = agent.held.keys()
    const ask = (signal: string) => plane.server.commands.signalAllocation({ allocationId, task: '', signal }, caller())
    expect(await ask('SIGUSR9')).toMatchObject({ kind: 'rejected', code: 'SIGNAL_UNKNOWN' })
    expect(await ask('hup')).toMatchObject({ kind: 'done' })
    const requests = await eventually('the request', async () => {
      const found = agent.received.flatMap(message => (message.kind === 'desired' ? message.requests : []))
      return found.length > 0 ? found : undefined
    })
    expect(requests).toMatchObject([{ signal: 'SIGHUP' }])
  })

  it('replaces a failed allocation by its reschedule policy, with the delay as an evaluation of its own', async () => {
    plane = await startControlPlane()
    const agent = createScriptedAgent({
      nodeId: 'n1',
      onRun: (self, allocation) =>
        self.reportTask(allocation.allocationId, { task: 'server', phase: 'dead', isFailed: true, exitCode: 1 }),
    })
    plane.server.hub.accept(agent.link)
    await plane.server.commands.registerJob(registration(service(1)), caller())
    const delayed = await eventually('the delayed evaluation', async () =>
      Array.from(plane.server.view.state.evaluations.values()).find(evaluation => evaluation.waitUntil > 0),
    )
    expect(delayed.status).toBe('pending')
    expect(delayed.trigger).toBe('alloc-reschedule')
  })

  it('collects what failed of a purged job although it waited for its replacement', async () => {
    plane = await startControlPlane()
    const agent = createScriptedAgent({
      nodeId: 'n1',
      onRun: (self, allocation) =>
        self.reportTask(allocation.allocationId, { task: 'server', phase: 'dead', isFailed: true, exitCode: 1 }),
    })
    plane.server.hub.accept(agent.link)
    await plane.server.commands.registerJob(registration(service(1)), caller())
    const { state } = plane.server.view
    await eventually('an allocation that waits', async () =>
      Array.from(state.allocations.values()).find(({ followUpEvaluationId }) => followUpEvaluationId !== null),
    )
    const stopped = await plane.server.commands.stopJob(
      { namespace: 'default', jobId: 'web', purges: true, stopsChildren: false },
      caller(),
    )
    if (stopped.kind !== 'done') throw new Error(stopped.message)
    await eventually('the evaluation of the purge', async () =>
      state.evaluations.get(stopped.evaluationId ?? '')?.status === 'complete' ? true : undefined,
    )
    await plane.server.commands.collectGarbage({}, caller())
    expect(Array.from(state.allocations.keys())).toEqual([])
    expect(Array.from(state.evaluations.values()).filter(({ status }) => status === 'complete')).toEqual([])
  })

  it('launches periodic children and dispatched ones, each once', async () => {
    plane = await startControlPlane()
    const batch = (head: string): string => `job "tick" {
  type = "batch"
  ${head}
  group "g" {
    task "t" {
      driver = "mock"
    }
  }
}`
    plane.server.hub.accept(createScriptedAgent({ nodeId: 'n1' }).link)
    await plane.server.commands.registerJob(registration(batch('periodic {\n cron = "0/1 * * * * * *"\n }')), caller())
    const { state } = plane.server.view
    const child = await eventually('a launched child', async () =>
      Array.from(state.jobs.values()).find(job => job.jobId.startsWith('tick/periodic-')),
    )
    expect(child.derivation?.parentId).toBe('tick')
    const forced = await plane.server.commands.forcePeriodic({ namespace: 'default', jobId: 'tick' }, caller())
    expect(forced.kind).toBe('done')
    await plane.server.commands.stopJob(
      { namespace: 'default', jobId: 'tick', purges: true, stopsChildren: true },
      caller(),
    )
    const again = await plane.server.commands.registerJob(
      registration(batch('parameterized {\n meta_required = ["budget"]\n }')),
      caller(),
    )
    expect(again.kind).toBe('done')
    const input = {
      namespace: 'default',
      jobId: 'tick',
      payload: null,
      idempotencyToken: 'once',
      idPrefix: '',
      priority: null,
    }
    const missing = await plane.server.commands.dispatchJob({ ...input, meta: [] }, caller())
    expect(missing).toMatchObject({ kind: 'rejected', code: 'DISPATCH_META_MISSING' })
    const meta = [{ name: 'budget', value: '200' }]
    const first = await plane.server.commands.dispatchJob({ ...input, meta }, caller())
    const second = await plane.server.commands.dispatchJob({ ...input, meta }, caller())
    if (first.kind !== 'done' || second.kind !== 'done') throw new Error('a dispatch was refused')
    expect(second.dispatchedJobId).toBe(first.dispatchedJobId)
    const dispatched = await eventually('the dispatched child', async () =>
      state.jobs.get(`default/${first.dispatchedJobId}`),
    )
    expect(dispatched.spec.meta).toEqual({ budget: '200' })
  })
})
