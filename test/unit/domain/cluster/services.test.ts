import { describe, expect, it } from 'vitest'
import { applyEvent, type ClusterState, emptyCluster, noChanges } from '../../../../src/domain/cluster/index.ts'
import type { DomainEvent } from '../../../../src/domain/events.ts'
import { jobStream, nodeStream, reportStream } from '../../../../src/domain/streams.ts'
import { buildGroup, buildJob, buildPort, buildService, buildTaskReport, nodeIdOf } from '../../../support/builders.ts'
import {
  buildReport,
  createHistory,
  jobRegistered,
  nodeRegistered,
  placementsOf,
  planCommitted,
  reported,
} from '../../../support/history.ts'

const nodeId = nodeIdOf('n1')

/** One allocation of a group with these services, running on a node in rack r1. */
const startCluster = (service: Parameters<typeof buildService>[0]) => {
  const history = createHistory()
  const state: ClusterState = emptyCluster()
  const record = (stream: string, event: DomainEvent): void =>
    applyEvent(state, history.record(stream, event), noChanges())
  const network = { mode: 'host' as const, ports: [buildPort('http')] }
  const group = buildGroup({ name: 'app', services: [buildService({ port: 'http', ...service })], network })
  const spec = buildJob({ id: 'web', name: 'web', meta: { team: 'blue' }, groups: [group] })
  record(nodeStream(nodeId), nodeRegistered('alpha'))
  record(jobStream('default', 'web'), jobRegistered({ spec, evaluationId: 'evaluation' }))
  record('control', planCommitted({ evaluationId: 'evaluation', placements: placementsOf('app', nodeId, 1) }))
  const [allocationId = ''] = state.allocations.keys()
  const task = buildTaskReport(spec.groups[0]?.tasks[0]?.name ?? '', { phase: 'running' })
  record(reportStream(nodeId), reported(0, [buildReport(allocationId, { tasks: [task] })]))
  const instances = () =>
    Array.from(state.services, ([key, found]) => [key, ...Array.from(found.values(), one => [one.address, one.tags])])
  return { record, instances }
}

describe('the services of an allocation', () => {
  it('bear what their texts name of it and of its node', () => {
    const { instances } = startCluster({
      name: 'web-${NOMAD_ALLOC_INDEX}',
      tags: ['${node.unique.name}', 'rack-${meta.rack}', '${NOMAD_META_team}', '${nobody.knows}'],
      address: '${attr.unique.network.ip-address}',
    })
    expect(instances()).toEqual([['default/web-0', ['10.0.0.5', ['alpha', 'rack-r1', 'blue', '${nobody.knows}']]]])
  })

  it('follow their node: nothing stays under a name that it gave before', () => {
    const { record, instances } = startCluster({ name: 'web-${attr.zone}', address: '' })
    expect(instances()).toEqual([['default/web-${attr.zone}', ['10.0.0.5', []]]])
    record(nodeStream(nodeId), { type: 'NodeFingerprinted', data: { attributes: { zone: 'b' } } })
    expect(instances()).toEqual([['default/web-b', ['10.0.0.5', []]]])
    record(nodeStream(nodeId), nodeRegistered('alpha', { address: '10.0.0.9', attributes: { zone: 'c' } }))
    expect(instances()).toEqual([['default/web-c', ['10.0.0.9', []]]])
  })
})
