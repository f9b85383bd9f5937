import { describe, expect, it } from 'vitest'
import { containerSpec, portsNamed } from '../../../../../src/agents/client/drivers/docker/container-spec.ts'
import type { TaskStart } from '../../../../../src/agents/client/drivers/driver.ts'

const port = { label: 'http', hostIp: '192.0.2.1', hostPort: 20_000, containerPort: 80 }

const task: TaskStart = {
  id: 'alloc/web/2',
  allocationId: 'alloc',
  taskName: 'web',
  startNumber: 2,
  labels: { job: 'shop' },
  config: { image: 'x', command: 'run', args: ['-a'], ports: ['http'], labels: [{ team: 'blue' }] },
  env: { A: '1' },
  user: '',
  resources: { cpuMhz: 500, memoryMb: 64, memoryMaxMb: 0 },
  ports: [port, { ...port, label: 'admin', hostPort: 20_001, containerPort: 81 }],
  paths: {
    allocDir: '/d/alloc',
    localDir: '/d/web/local',
    secretsDir: '/d/web/secrets',
    taskDir: '/d/web',
    stdoutPath: '/d/web.stdout.0',
    stderrPath: '/d/web.stderr.0',
  },
  killSignal: undefined,
  logs: { maxFileBytes: 1, maxFiles: 1, isDisabled: false },
}

describe('the container of a task', () => {
  const spec = containerSpec(task, 'sha256:1')

  it('is named after task and allocation and carries our labels beside the task’s', () => {
    expect(spec.name).toBe('web-alloc')
    expect(spec.Labels).toEqual({
      team: 'blue',
      'dev.muster.job': 'shop',
      'dev.muster.alloc_id': 'alloc',
      'dev.muster.start': 'alloc/web/2',
    })
  })

  it('cannot be given our labels by its job', () => {
    const labels = { 'dev.muster.start': 'forged', 'dev.muster.alloc_id': 'forged' }
    expect(containerSpec({ ...task, config: { ...task.config, labels } }, 'x').Labels).toMatchObject({
      'dev.muster.start': 'alloc/web/2',
      'dev.muster.alloc_id': 'alloc',
    })
  })

  it('publishes the ports that the task names, for tcp and udp, and no others', () => {
    const binding = [{ HostIp: '192.0.2.1', HostPort: '20000' }]
    expect(spec.HostConfig?.PortBindings).toEqual({ '80/tcp': binding, '80/udp': binding })
  })

  it('sees its directories under fixed names', () => {
    expect(spec.HostConfig?.Binds).toEqual(['/d/alloc:/alloc', '/d/web/local:/local', '/d/web/secrets:/secrets'])
  })

  it('is limited to its memory, without swap', () => {
    expect(spec.HostConfig).toMatchObject({ Memory: 64 * 2 ** 20, MemorySwap: 64 * 2 ** 20, CpuShares: 500 })
  })

  it('may go beyond its memory up to memory_max', () => {
    const resources = { ...task.resources, memoryMaxMb: 128 }
    expect(containerSpec({ ...task, resources }, 'x').HostConfig).toMatchObject({
      Memory: 128 * 2 ** 20,
      MemoryReservation: 64 * 2 ** 20,
    })
  })

  it('keeps the command of its image where the job names none', () => {
    expect(containerSpec({ ...task, config: { image: 'x' } }, 'x')).not.toHaveProperty('Cmd')
  })
})

describe('portsNamed', () => {
  it('says which labels no port has', () => {
    expect(portsNamed(['http', 'nope'], task.ports)).toEqual({ found: [port], missing: ['nope'] })
  })
})
