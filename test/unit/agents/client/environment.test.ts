import { describe, expect, it } from 'vitest'
import {
  agentEnvironment,
  type EnvironmentInput,
  openEnv,
  providedEnvironment,
  taskPorts,
} from '../../../../src/agents/client/environment.ts'
import { buildDesired, mockTask } from '../../../support/agent-bench.ts'
import { buildJob, buildPort } from '../../../support/builders.ts'

const task = mockTask(
  'web',
  {},
  { meta: { 'log-level': 'debug' }, resources: { cpuMhz: 500, memoryMb: 256, memoryMaxMb: 512 } },
)
const network = { mode: 'host', ports: [buildPort('http', 0, 80), buildPort('admin-api')] } as const
const desired = buildDesired(
  7,
  { tasks: [task], network, meta: { tier: 'group' } },
  { ports: [20_001, 20_002], parentId: 'parent', index: 2 },
  {
    meta: { tier: 'job', owner: 'me' },
    parameterized: { payload: 'optional', metaRequired: [], metaOptional: ['budget'] },
  },
)
const held = { ...desired, job: desired.job ?? buildJob() }
const group = held.job.groups[0] ?? expect.fail('no group')
const paths = {
  allocDir: '/d/a/alloc',
  taskDir: '/d/a/web',
  localDir: '/d/a/web/local',
  secretsDir: '/d/a/web/secrets',
  stdoutPath: '',
  stderrPath: '',
}

const input = (overrides: Partial<EnvironmentInput['capabilities']> = {}): EnvironmentInput => ({
  held,
  group,
  task,
  node: { datacenter: 'dc1', address: '10.0.0.5' },
  capabilities: { fileSystem: 'none', network: 'host', parentGroup: () => null, ...overrides },
  paths,
})

describe('the environment of a task', () => {
  it('names the allocation, the job and the resources', () => {
    expect(providedEnvironment(input())).toMatchObject({
      NOMAD_ALLOC_ID: desired.allocationId,
      NOMAD_SHORT_ALLOC_ID: '00000000',
      NOMAD_ALLOC_NAME: 'web.app[0]',
      NOMAD_ALLOC_INDEX: '2',
      NOMAD_TASK_NAME: 'web',
      NOMAD_GROUP_NAME: 'app',
      NOMAD_JOB_ID: 'web',
      NOMAD_JOB_NAME: 'web',
      NOMAD_JOB_PARENT_ID: 'parent',
      NOMAD_NAMESPACE: 'default',
      NOMAD_REGION: 'global',
      NOMAD_DC: 'dc1',
      NOMAD_CPU_LIMIT: '500',
      NOMAD_MEMORY_LIMIT: '256',
      NOMAD_MEMORY_MAX_LIMIT: '512',
    })
  })

  it('names the parent of the control groups where tasks have one', () => {
    expect(providedEnvironment(input({ parentGroup: () => '/muster' }))['NOMAD_PARENT_CGROUP']).toBe('/muster')
    expect(providedEnvironment(input())).not.toHaveProperty('NOMAD_PARENT_CGROUP')
  })

  it('gives the host paths, or those of the image, and the agent always the host paths', () => {
    expect(providedEnvironment(input())['NOMAD_TASK_DIR']).toBe('/d/a/web/local')
    expect(providedEnvironment(input({ fileSystem: 'image' }))).toMatchObject({
      NOMAD_ALLOC_DIR: '/alloc',
      NOMAD_TASK_DIR: '/local',
      NOMAD_SECRETS_DIR: '/secrets',
    })
    expect(agentEnvironment(input({ fileSystem: 'image' }))['NOMAD_ALLOC_DIR']).toBe('/d/a/alloc')
  })

  it('tells ports as the task meets them and as the host publishes them', () => {
    expect(providedEnvironment(input({ network: 'mapped' }))).toMatchObject({
      NOMAD_PORT_http: '80',
      NOMAD_HOST_PORT_http: '20001',
      NOMAD_ADDR_http: '10.0.0.5:20001',
      NOMAD_IP_http: '10.0.0.5',
      NOMAD_PORT_admin_api: '20002',
    })
    expect(providedEnvironment(input())['NOMAD_PORT_http']).toBe('20001')
    expect(taskPorts({ ports: [20_001] }, group, input().capabilities, '10.0.0.5')).toHaveLength(1)
  })

  it('gives meta as written and in upper case, the narrower winning, optional ones empty', () => {
    expect(providedEnvironment(input())).toMatchObject({
      NOMAD_META_tier: 'group',
      NOMAD_META_TIER: 'group',
      NOMAD_META_owner: 'me',
      NOMAD_META_log_level: 'debug',
      NOMAD_META_LOG_LEVEL: 'debug',
      NOMAD_META_budget: '',
    })
  })

  it('opens sealed values by their digest', () => {
    const sealed = { ...task, env: { A: { sealed: 'x', digest: 'd' }, B: { source: 's', digest: 'e' } } }
    expect(openEnv(sealed, { d: 'clear' })).toEqual({ A: 'clear', B: '' })
  })
})
