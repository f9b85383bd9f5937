import type { AgentLink, AgentMessage, Link, ServerLink, ServerMessage } from '../../src/protocol/client-link.ts'

/** The two ends of a link in memory. Messages arrive in order, in a later turn, and as JSON would make them. */
export const createLinkPair = (): { readonly agent: AgentLink; readonly server: ServerLink } => {
  const ends = { agent: createEnd<AgentMessage, ServerMessage>(), server: createEnd<ServerMessage, AgentMessage>() }
  let isOpen = true
  const close = (reason: string): void => {
    if (!isOpen) return
    isOpen = false
    queueMicrotask(() => {
      ends.agent.closed(reason)
      ends.server.closed(reason)
    })
  }
  const carry = <Out>(deliver: (message: Out) => void) => ({
    send: (message: Out): void => {
      if (!isOpen) return
      const copy = JSON.parse(JSON.stringify(message)) as Out
      queueMicrotask(() => {
        if (isOpen) deliver(copy)
      })
    },
    bufferedBytes: () => 0,
    close,
  })
  return {
    agent: { ...carry<AgentMessage>(ends.server.deliver), ...ends.agent.handlers },
    server: { ...carry<ServerMessage>(ends.agent.deliver), ...ends.server.handlers },
  }
}

const createEnd = <Out, In>() => {
  let early: In[] = []
  let onMessage: ((message: In) => void) | undefined
  let onClose: ((reason: string) => void) | undefined
  let closedBecause: string | undefined
  const handlers: Pick<Link<Out, In>, 'onMessage' | 'onClose'> = {
    onMessage: handler => {
      onMessage = handler
      for (const message of early) handler(message)
      early = []
    },
    onClose: handler => {
      onClose = handler
      if (closedBecause !== undefined) handler(closedBecause)
    },
  }
  return {
    handlers,
    deliver: (message: In): void => {
      if (onMessage === undefined) early.push(message)
      else onMessage(message)
    },
    closed: (reason: string): void => {
      closedBecause = reason
      onClose?.(reason)
    },
  }
}
