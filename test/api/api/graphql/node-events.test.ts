import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { NodesJudged } from '../../../../src/domain/control/events.ts'
import type { DriverState } from '../../../../src/domain/node/events.ts'
import { nodeStream } from '../../../../src/domain/streams.ts'
import { openApi, type TestApi } from '../../../support/api.ts'
import { nodeIdOf, T0 } from '../../../support/builders.ts'
import { createHistory, type History, nodeRegistered } from '../../../support/history.ts'

const ID = nodeIdOf('node-1')
const healthy: DriverState = { isDetected: true, isHealthy: true, message: 'Healthy' }
const away: DriverState = { isDetected: true, isHealthy: false, message: 'the daemon does not answer' }

let history: History
let api: TestApi
beforeEach(() => {
  history = createHistory()
  api = openApi({ history })
})
afterEach(() => api.close())

const register = (more: Parameters<typeof nodeRegistered>[1] = {}) =>
  history.record(nodeStream(ID), nodeRegistered('node-1', { drivers: { docker: healthy, mock: healthy }, ...more }))
const fingerprint = (data: object) => history.record(nodeStream(ID), { type: 'NodeFingerprinted', data })
const setEligible = (isEligible: boolean) =>
  history.record(nodeStream(ID), { type: 'NodeEligibilitySet', data: { isEligible } })
const judge = (judgement: NodesJudged['data']['nodes'][number]['judgement'], cause: string) =>
  history.record('control', {
    type: 'NodesJudged',
    data: { nodes: [{ nodeId: ID, judgement, cause }], evaluations: [] },
  })

const document = `query ($first: Int, $at: Moment) { node(id: "${ID}", at: $at) { ... on Node {
  events(first: $first) { at position subsystem message details { name value } } drivers { name isHealthy changedAt }
} } }`

type Told = {
  readonly at: number
  readonly position: number
  readonly subsystem: string
  readonly message: string
  readonly details: readonly { readonly name: string; readonly value: string }[]
}
const ask = async (variables: Readonly<Record<string, unknown>> = {}) => {
  api.settle()
  const { data, errors } = await api.query(document, variables)
  expect(errors).toEqual([])
  return data.node as { readonly events: readonly Told[]; readonly drivers: readonly object[] }
}
const words = ({ subsystem, message, details }: Told): string =>
  [`${subsystem}: ${message}`, ...details.map(({ name, value }) => `${name}=${value}`)].join(' ')

describe('the events of a node', () => {
  test('are what changed about it, newest first, each at its place and time', async () => {
    register()
    setEligible(false)
    judge('down', 'nothing was heard for 10s')
    fingerprint({ foreignPorts: [8_080] })
    judge('ready', 'it is heard of again')
    setEligible(true)
    fingerprint({ drivers: { docker: away, mock: healthy } })
    register({ drivers: { docker: away, mock: healthy } })
    register({ drivers: { docker: away, mock: healthy }, version: '0.2.0', address: '10.0.0.6' })
    const { events } = await ask()
    expect(events.map(words)).toEqual([
      'Cluster: Node re-registered address=10.0.0.6 version=0.2.0',
      'Driver: the daemon does not answer driver=docker',
      'Cluster: Node marked as eligible for scheduling',
      'Cluster: Node reregistered by heartbeat cause=it is heard of again',
      'Cluster: Node heartbeat missed cause=nothing was heard for 10s status=down',
      'Cluster: Node marked as ineligible for scheduling',
      'Cluster: Node registered',
    ])
    expect(events.map(({ position }) => position)).toEqual([8, 6, 5, 4, 2, 1, 0])
    expect(events.every(({ at, position }) => at === T0 + position * 1_000)).toBe(true)
  })

  test('are as many as are asked for, and those of the moment that is asked for', async () => {
    register()
    for (let turn = 0; turn < 5; turn++) setEligible(turn % 2 === 1)
    const messages = async (variables: Readonly<Record<string, unknown>>) =>
      (await ask(variables)).events.map(({ position }) => position)
    expect(await messages({ first: 1 })).toEqual([5])
    expect(await messages({ first: 3 })).toEqual([5, 4, 3])
    expect(await messages({ first: 6 })).toEqual([5, 4, 3, 2, 1, 0])
    expect(await messages({ first: 7 })).toEqual([5, 4, 3, 2, 1, 0])
    expect(await messages({ first: 2, at: { position: 3 } })).toEqual([3, 2])
    expect(await messages({ at: { time: T0 + 1_500 } })).toEqual([1, 0])
  })

  test('begin anew for a node that was collected and came back', async () => {
    register()
    setEligible(false)
    const gone = { kind: 'node', id: ID, position: 1 } as const
    history.record('control', { type: 'Collected', data: { items: [gone] } })
    register()
    const { events } = await ask()
    expect(events.map(({ message }) => message)).toEqual([
      'Node registered',
      'Node marked as ineligible for scheduling',
      'Node registered',
    ])
  })
})

test('a driver tells since when it stands so, whatever happens to others and however often it is told', async () => {
  register()
  fingerprint({ drivers: { docker: away, mock: healthy } })
  fingerprint({ attributes: { 'kernel.name': 'linux' } })
  register({ drivers: { docker: away, mock: healthy } })
  expect((await ask()).drivers).toEqual([
    { name: 'docker', isHealthy: false, changedAt: T0 + 1_000 },
    { name: 'mock', isHealthy: true, changedAt: T0 },
  ])
  expect((await ask({ at: { position: 0 } })).drivers[0]).toEqual({ name: 'docker', isHealthy: true, changedAt: T0 })
})
