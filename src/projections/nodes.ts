import { type Facet, flag, type Projection } from './projection.ts'

const registration: Facet = {
  table: 'node',
  columns: {
    name: 'TEXT',
    datacenter: 'TEXT',
    node_pool: 'TEXT',
    node_class: 'TEXT',
    address: 'TEXT',
    version: 'TEXT',
    registered_at: 'INTEGER',
  },
  indexes: [],
  values: ({ state }, id) => {
    const node = state.nodes.get(id)
    if (node === undefined) return null
    return [node.name, node.datacenter, node.nodePool, node.nodeClass, node.address, node.version, node.registeredAt]
  },
}

const facts: Facet = {
  table: 'node_facts',
  columns: { resources: 'TEXT', reserved: 'TEXT', attributes: 'TEXT', meta: 'TEXT' },
  indexes: [],
  values: ({ state }, id) => {
    const node = state.nodes.get(id)
    if (node === undefined) return null
    return [
      JSON.stringify(node.resources),
      JSON.stringify(node.reserved),
      JSON.stringify(node.attributes),
      JSON.stringify(node.meta),
    ]
  },
}

const surroundings: Facet = {
  table: 'node_surroundings',
  columns: { foreign_ports: 'TEXT' },
  indexes: [],
  values: ({ state }, id) => {
    const node = state.nodes.get(id)
    return node === undefined ? null : [JSON.stringify(node.foreignPorts)]
  },
}

const drivers: Facet = {
  table: 'node_drivers',
  columns: { drivers: 'TEXT', changed_at: 'TEXT' },
  indexes: [],
  values: ({ state }, id) => {
    const node = state.nodes.get(id)
    return node === undefined ? null : [JSON.stringify(node.drivers), JSON.stringify(node.driversChangedAt)]
  },
}

const status: Facet = {
  table: 'node_status',
  columns: { status: 'TEXT', cause: 'TEXT', is_eligible: 'INTEGER' },
  indexes: [],
  values: ({ state }, id) => {
    const node = state.nodes.get(id)
    return node === undefined ? null : [node.status, node.statusCause, flag(node.isEligible)]
  },
}

export const nodes: Projection = {
  name: 'nodes',
  version: 2,
  kind: 'node',
  facets: [registration, facts, surroundings, drivers, status],
}
