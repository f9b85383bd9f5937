import { AppError } from '../../src/platform/errors.ts'
import type { AgentLink, AgentMessage, Link, ServerLink, ServerMessage } from '../../src/protocol/client-link.ts'
import type { Chance } from './chance.ts'
import type { SimProcess } from './sim-process.ts'
import type { SimTime } from './virtual-clock.ts'

/**
 * Links between agents and servers. A link keeps TCP's promises: what arrives is whole and in order. What goes wrong is
 * what goes wrong there: late, cut with messages under way, silent without an end, refused. Between two links there is no
 * order. A report may come twice, as after a resend whose first copy arrived after all.
 */
export type SimNetwork = {
  /** Called for each report that a server says is in the log, at the moment at which it says so. */
  readonly onAcknowledged: (listener: (bootId: string, sequence: number) => void) => void
  /** Throws API_UNREACHABLE where nobody listens or the node is cut off. */
  readonly dial: (node: string, agent: SimProcess) => Promise<AgentLink>
  readonly listen: (server: SimProcess, accept: (link: ServerLink) => void) => void
  readonly cut: (node: string) => void
  /** Nothing passes any more, and neither end hears of it for `forMs`; dials fail until then. */
  readonly partition: (node: string, forMs: number) => void
  readonly slow: (node: string, forMs: number) => void
  readonly repeatReports: (node: string, forMs: number) => void
  readonly heal: () => void
}

type Trouble = { partitionedUntil: number; slowUntil: number; repeatingUntil: number }

const CLOSE_LATENCY_MS = 500
const QUICK_MS = 10
const SLOW_MS = 4_000

type End<In> = {
  readonly owner: SimProcess
  onMessage: ((message: In) => void) | undefined
  onClose: ((reason: string) => void) | undefined
  readonly early: In[]
  /** When the last message that is under way to this end arrives. */
  lastArrivalMs: number
  closedBecause: string | undefined
}

type Connection = {
  readonly node: string
  /** The boot that the agent named itself by. */
  /** The boot that each report belongs to: one that is sent again may be of an earlier one. */
  readonly bootIds: Map<number, string>
  readonly agent: End<ServerMessage>
  readonly server: End<AgentMessage>
  /** False from the moment that something was lost: a stream with a hole delivers nothing more. */
  passes: boolean
}

const createEnd = <In>(owner: SimProcess): End<In> => ({
  owner,
  onMessage: undefined,
  onClose: undefined,
  early: [],
  lastArrivalMs: 0,
  closedBecause: undefined,
})

const closeEnd = <In>(end: End<In>, reason: string): void => {
  if (end.closedBecause !== undefined) return
  end.closedBecause = reason
  if (end.owner.isAlive()) end.onClose?.(reason)
}

const deliver = <In>(end: End<In>, message: In): void => {
  if (end.closedBecause !== undefined || !end.owner.isAlive()) return
  if (end.onMessage === undefined) end.early.push(message)
  else end.onMessage(message)
}

export const createSimNetwork = (time: SimTime, chance: Chance): SimNetwork => {
  const troubles = new Map<string, Trouble>()
  const connections = new Set<Connection>()
  const acknowledged: ((bootId: string, sequence: number) => void)[] = []
  let listener: { readonly server: SimProcess; readonly accept: (link: ServerLink) => void } | undefined

  const troubleOf = (node: string): Trouble => {
    const known = troubles.get(node)
    if (known !== undefined) return known
    const none = { partitionedUntil: 0, slowUntil: 0, repeatingUntil: 0 }
    troubles.set(node, none)
    return none
  }

  const latency = (node: string): number =>
    troubleOf(node).slowUntil > time.elapsedMs() ? chance.integer(100, SLOW_MS) : chance.integer(0, QUICK_MS)

  const end = (connection: Connection, reason: string, delays: readonly [agentMs: number, serverMs: number]): void => {
    connection.passes = false
    const [agentMs, serverMs] = delays
    time.after(agentMs, () => closeEnd(connection.agent, reason))
    time.after(serverMs, () => {
      closeEnd(connection.server, reason)
      connections.delete(connection)
    })
  }

  /** One end closes, or its process died: what it sent before still arrives, then the other end hears of it. */
  const finish = <A, B>(connection: Connection, own: End<A>, other: End<B>, reason: string): void => {
    time.after(0, () => closeEnd(own, reason))
    if (!connection.passes) return
    const arrival = Math.max(other.lastArrivalMs, time.elapsedMs() + latency(connection.node))
    time.after(arrival - time.elapsedMs(), () => {
      closeEnd(other, reason)
      connections.delete(connection)
    })
  }

  const linkOf = <Out, In>(
    connection: Connection,
    own: End<In>,
    other: End<Out>,
    /** Sees what this end sends; answers how often it arrives. */
    copiesOf: (message: Out) => number,
  ): Link<Out, In> => {
    return {
      bufferedBytes: () => 0,
      send: message => {
        if (!connection.passes || own.closedBecause !== undefined || !own.owner.isAlive()) return
        const text = JSON.stringify(message)
        const arrival = Math.max(other.lastArrivalMs, time.elapsedMs() + latency(connection.node))
        other.lastArrivalMs = arrival
        const arrive = (): void => {
          // Parsed on arrival: neither end ever holds an object of the other's.
          if (connection.passes) deliver(other, JSON.parse(text) as Out)
        }
        for (let copy = 0; copy < copiesOf(message); copy++) time.after(arrival - time.elapsedMs(), arrive)
      },
      onMessage: handler => {
        own.onMessage = handler
        for (const message of own.early.splice(0)) handler(message)
      },
      onClose: handler => {
        own.onClose = handler
        if (own.closedBecause !== undefined) handler(own.closedBecause)
      },
      close: reason => {
        if (own.closedBecause !== undefined) return
        finish(connection, own, other, reason)
      },
    }
  }

  const open = (node: string, agent: SimProcess, server: SimProcess): Connection => {
    const ends = { agent: createEnd<ServerMessage>(agent), server: createEnd<AgentMessage>(server) }
    const connection: Connection = { node, bootIds: new Map(), ...ends, passes: true }
    connections.add(connection)
    agent.onKill(() => finish(connection, connection.agent, connection.server, `${agent.name} died`))
    server.onKill(() => finish(connection, connection.server, connection.agent, `${server.name} died`))
    return connection
  }

  const dial: SimNetwork['dial'] = (node, agent) =>
    new Promise((resolve, reject) => {
      time.after(latency(node), () => {
        const isCutOff = troubleOf(node).partitionedUntil > time.elapsedMs()
        if (!agent.isAlive()) return
        if (listener === undefined || !listener.server.isAlive() || isCutOff) {
          reject(new AppError('API_UNREACHABLE', `no server answers ${node}`))
          return
        }
        const { server, accept } = listener
        const connection = open(node, agent, server)
        const ofServer = (message: ServerMessage): number => {
          if (message.kind !== 'reported') return 1
          for (const one of acknowledged) one(connection.bootIds.get(message.sequence) ?? '', message.sequence)
          return 1
        }
        const ofAgent = (message: AgentMessage): number => {
          if (message.kind === 'report') connection.bootIds.set(message.report.sequence, message.report.bootId)
          return message.kind === 'report' && troubleOf(node).repeatingUntil > time.elapsedMs() ? 2 : 1
        }
        accept(linkOf<ServerMessage, AgentMessage>(connection, connection.server, connection.agent, ofServer))
        resolve(linkOf<AgentMessage, ServerMessage>(connection, connection.agent, connection.server, ofAgent))
      })
    })

  const ofNode = (node: string): readonly Connection[] =>
    Array.from(connections).filter(connection => connection.node === node && connection.passes)

  return {
    onAcknowledged: one => void acknowledged.push(one),
    dial,
    listen: (server, accept) => {
      listener = { server, accept }
    },
    cut: node => {
      for (const connection of ofNode(node)) {
        end(connection, 'the wire was cut', [chance.integer(0, CLOSE_LATENCY_MS), chance.integer(0, CLOSE_LATENCY_MS)])
      }
    },
    partition: (node, forMs) => {
      troubleOf(node).partitionedUntil = time.elapsedMs() + forMs
      for (const connection of ofNode(node)) {
        end(connection, 'the other end is gone', [forMs + latency(node), forMs + latency(node)])
      }
    },
    slow: (node, forMs) => {
      troubleOf(node).slowUntil = time.elapsedMs() + forMs
    },
    repeatReports: (node, forMs) => {
      troubleOf(node).repeatingUntil = time.elapsedMs() + forMs
    },
    heal: () => troubles.clear(),
  }
}
