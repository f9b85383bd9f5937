import { describe, expect, it } from 'vitest'
import { refreshSnapshot, takeSnapshot } from '../../../../src/domain/scheduler/index.ts'
import { buildNode, buildState, nodeIdOf } from '../../../support/builders.ts'

describe('the snapshot', () => {
  it('follows the usage, the readiness and the place of nodes that changed', () => {
    const nodes = ['a', 'b'].map(name => buildNode(name))
    const state = buildState({ nodes })
    const snapshot = takeSnapshot(state)
    const [a] = nodes
    if (a === undefined) throw new Error('there are nodes')
    a.usage.memoryMb = 100
    a.isEligible = false
    a.datacenter = 'dc2'
    expect(refreshSnapshot(snapshot, state, [a.id, 'unknown'])).toBe(snapshot)
    const fresh = takeSnapshot(state)
    expect(snapshot.freeMemoryMb).toEqual(fresh.freeMemoryMb)
    expect(snapshot.isReady).toEqual(fresh.isReady)
    const siteOf = ({ sites, siteIndex, indexOf }: typeof snapshot) => sites[siteIndex[indexOf.get(a.id) ?? -1] ?? -1]
    expect(siteOf(snapshot)).toEqual({ nodePool: 'default', datacenter: 'dc2' })
  })

  it('is taken anew when a node comes, goes, or comes back as another', () => {
    const state = buildState({ nodes: [buildNode('a')] })
    const first = takeSnapshot(state)
    state.nodes.set(nodeIdOf('b'), buildNode('b'))
    const grown = refreshSnapshot(first, state, [nodeIdOf('b')])
    expect(grown.nodes.map(({ id }) => id)).toEqual([nodeIdOf('a'), nodeIdOf('b')].toSorted())
    state.nodes.delete(nodeIdOf('b'))
    expect(refreshSnapshot(grown, state, [nodeIdOf('b')]).nodes).toHaveLength(1)
    const reborn = buildNode('a', { resources: { cpuMhz: 1, memoryMb: 1, diskMb: 1 } })
    state.nodes.set(reborn.id, reborn)
    expect(refreshSnapshot(first, state, [reborn.id]).nodes[0]).toBe(reborn)
  })
})
