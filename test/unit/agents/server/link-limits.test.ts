import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LINK_PROTOCOL, type LinkAnswer, MAX_LINK_BUFFER_BYTES } from '../../../../src/protocol/client-link.ts'
import { type ControlPlane, startControlPlane } from '../../../support/control-plane.ts'
import { eventually } from '../../../support/eventually.ts'
import { settle } from '../../../support/manual-clock.ts'
import { createScriptedAgent, type ScriptedAgent } from '../../../support/scripted-agent.ts'

let plane: ControlPlane
beforeEach(async () => {
  plane = await startControlPlane()
})
afterEach(() => plane.stop())

const connect = async (nodeId: string): Promise<ScriptedAgent> => {
  const agent = createScriptedAgent({ nodeId })
  plane.server.hub.accept(agent.link)
  await eventually('the node', async () => plane.server.view.state.nodes.get(nodeId))
  return agent
}

describe('a stream from a node to a reader that does not read', () => {
  const PIECE = 1_000_000
  const request = { kind: 'list', allocationId: 'a', path: '/' } as const

  /** Asks the node, which sends pieces of these lengths while nobody reads, and reads what came of it. */
  const readLate = async (lengths: readonly number[]) => {
    const agent = await connect('n1')
    const answers = plane.server.hub.ask('n1', request, new AbortController().signal)[Symbol.asyncIterator]()
    const first = answers.next()
    await settle()
    const asked = agent.received.find(message => message.kind === 'request')
    const requestId = asked?.kind === 'request' ? asked.requestId : -1
    const say = (answer: LinkAnswer): void => agent.send({ kind: 'answer', requestId, answer })
    say({ kind: 'data', data: 'begun' })
    await first
    for (const length of lengths) say({ kind: 'data', data: 'x'.repeat(length) })
    say({ kind: 'end' })
    await settle()
    let bytes = 0
    try {
      for (let next = await answers.next(); next.done !== true; next = await answers.next()) {
        if (next.value.kind === 'end') return { bytes, outcome: 'read' }
        if (next.value.kind === 'data') bytes += next.value.data.length
      }
      return { bytes, outcome: 'cut' }
    } catch (error) {
      return { bytes, outcome: error instanceof Error && 'code' in error ? error.code : error }
    }
  }

  const full = Array.from({ length: MAX_LINK_BUFFER_BYTES / PIECE }, () => PIECE)

  it.each([-1, 0])('waits for it whole up to the limit (%i)', async beside => {
    const lengths = [...full.slice(1), PIECE + beside]
    expect(await readLate(lengths)).toEqual({ bytes: MAX_LINK_BUFFER_BYTES + beside, outcome: 'read' })
  })

  it('is given up beyond the limit, and no more of it is kept', async () => {
    const { bytes, outcome } = await readLate([...full, 1, ...full, ...full])
    expect(outcome).toBe('OVERLOADED')
    expect(bytes).toBe(MAX_LINK_BUFFER_BYTES + 1)
  })
})

it.each([LINK_PROTOCOL - 1, LINK_PROTOCOL + 1])(
  'an agent that speaks protocol %i is refused, by number',
  async spoken => {
    const agent = createScriptedAgent({ nodeId: 'n1' })
    const closed: string[] = []
    const link: typeof agent.link = {
      ...agent.link,
      onMessage: handler =>
        agent.link.onMessage(message => handler(message.kind === 'hello' ? { ...message, protocol: spoken } : message)),
      close: reason => closed.push(reason),
    }
    plane.server.hub.accept(link)
    const refused = await eventually('the refusal', async () => agent.received.find(({ kind }) => kind === 'refused'))
    expect(refused).toMatchObject({ code: 'PROTOCOL_UNKNOWN' })
    expect(refused).toHaveProperty(
      'message',
      expect.stringContaining(`link protocol ${LINK_PROTOCOL}, the agent ${spoken}`),
    )
    expect(closed).toHaveLength(1)
    expect(plane.server.view.state.nodes.size).toBe(0)
  },
)

it('an agent that speaks the protocol is welcome', async () => {
  const agent = await connect('n1')
  expect(agent.received.map(({ kind }) => kind)).toContain('welcome')
})
