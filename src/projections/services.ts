import { jobKey } from '../domain/ids.ts'
import type { Facet, Projection } from './projection.ts'

/** The id of an instance among the things of kind `instance`: the service it belongs to stands in it. */
export const instanceThing = (serviceKey: string, instanceId: string): string => `${serviceKey}\n${instanceId}`

const instance: Facet = {
  table: 'service_instance',
  columns: {
    namespace: 'TEXT',
    name: 'TEXT',
    job_key: 'INTEGER',
    allocation_key: 'INTEGER',
    node_key: 'INTEGER',
    datacenter: 'TEXT',
    address: 'TEXT',
    port: 'INTEGER',
    tags: 'TEXT',
  },
  indexes: [['to_position', 'namespace', 'name', 'key']],
  values: ({ state, keyOf }, id) => {
    const [service = '', instanceId = ''] = id.split('\n')
    const found = state.services.get(service)?.get(instanceId)
    if (found === undefined) return null
    return [
      found.namespace,
      found.name,
      keyOf('job', jobKey(found.namespace, found.jobId)),
      keyOf('allocation', found.allocationId),
      keyOf('node', found.nodeId),
      found.datacenter,
      found.address,
      found.port,
      JSON.stringify(found.tags),
    ]
  },
}

export const services: Projection = { name: 'services', version: 1, kind: 'instance', facets: [instance] }
