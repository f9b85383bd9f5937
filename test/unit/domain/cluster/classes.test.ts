import { describe, expect, it } from 'vitest'
import { applyEvent, emptyCluster, noChanges } from '../../../../src/domain/cluster/index.ts'
import { nodeStream } from '../../../../src/domain/streams.ts'
import { nodeIdOf } from '../../../support/builders.ts'
import { createHistory, nodeRegistered } from '../../../support/history.ts'

type Attributes = Readonly<Record<string, string>>

/** Whether two nodes with these attributes are of one class. */
const areAlike = (left: Attributes, right: Attributes): boolean => {
  const history = createHistory()
  const state = emptyCluster()
  const classes = [left, right].map((attributes, index) => {
    const id = nodeIdOf(`n${index}`)
    const event = nodeRegistered(`n${index}`, { attributes })
    applyEvent(state, history.record(nodeStream(id), event), noChanges())
    return state.nodes.get(id)?.computedClass
  })
  expect(classes[0]).toMatch(/^[0-9a-f-]{36}$/)
  return classes[0] === classes[1]
}

describe('the class of a node', () => {
  it('tells apart what a constraint could tell apart', () => {
    expect(areAlike({ 'kernel.name': 'linux' }, { 'kernel.name': 'linux' })).toBe(true)
    expect(areAlike({ 'kernel.name': 'linux' }, { 'kernel.name': 'darwin' })).toBe(false)
    expect(areAlike({}, { 'nomad.version': '1.0.0' })).toBe(false)
  })

  it('does not hold what is of one node alone: a class each would make every look at a class one at a node', () => {
    expect(areAlike({ 'unique.hostname': 'a' }, { 'unique.hostname': 'b' })).toBe(true)
    expect(areAlike({ 'nomad.advertise.address': 'a:1' }, { 'nomad.advertise.address': 'b:1' })).toBe(true)
  })
})
