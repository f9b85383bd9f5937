import { expect, it } from 'vitest'
import { checkSpecsOf } from '../../../../src/agents/client/checks.ts'
import { buildDesired, mockTask } from '../../../support/agent-bench.ts'
import { buildCheck, buildJob, buildPort, buildService } from '../../../support/builders.ts'

const node = {
  nodeId: 'n-1',
  name: 'alpha',
  datacenter: 'dc1',
  region: 'global',
  nodeClass: '',
  nodePool: 'default',
  attributes: { 'kernel.name': 'linux' },
  meta: { rack: 'r7' },
  address: '10.0.0.5',
}

it('fills in what a check and its service name of the allocation and the node', () => {
  const check = buildCheck({
    name: 'on ${meta.rack}',
    path: '/${NOMAD_ALLOC_INDEX}',
    header: { Host: ['${node.unique.name}:${NOMAD_PORT_http}'] },
  })
  const service = buildService({ name: 'web-${NOMAD_ALLOC_INDEX}', port: 'http', checks: [check] })
  const desired = buildDesired(
    7,
    { tasks: [mockTask('web', {})], services: [service], network: { mode: 'host', ports: [buildPort('http')] } },
    { ports: [20_001], index: 2 },
  )
  const held = { ...desired, job: desired.job ?? buildJob() }
  const [spec] = checkSpecsOf(held, held.job.groups[0] ?? expect.fail('no group'), node)
  expect(spec).toMatchObject({ service: 'web-2', address: '10.0.0.5', port: 20_001 })
  expect(spec?.check).toMatchObject({ name: 'on r7', path: '/2', header: { Host: ['alpha:20001'] } })
})
