import { type Backoff, backoffDelayMs } from '../../platform/backoff.ts'
import { type Cancel, type Clock, sleep, within } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { AgentHello, AgentLink, AgentMessage, ServerMessage } from '../../protocol/client-link.ts'

/**
 * Keeps one link to a server, for as long as the agent lives: dial, greet, serve, and again with a growing pause. The
 * pause shrinks only after a link held, so a server that accepts and drops is not hammered.
 *
 *     dialing ─▶ greeting ─▶ serving ─▶ pausing ─▶ dialing …      any ─ stop ─▶ stopped
 */
export type LinkState =
  | { readonly kind: 'dialing' }
  | { readonly kind: 'greeting'; readonly link: AgentLink }
  | { readonly kind: 'serving'; readonly link: AgentLink; readonly since: number }
  | { readonly kind: 'pausing'; readonly reason: string }
  | { readonly kind: 'stopped' }

/** How one connection came to its end. */
export type LinkOutcome =
  | { readonly kind: 'served'; readonly heldMs: number; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  /** The server does not want this node: nothing that waiting a moment would change. */
  | { readonly kind: 'refused'; readonly code: string; readonly reason: string }

export type Welcome = Extract<ServerMessage, { kind: 'welcome' }>

export type ServerLinkOptions = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly dial: () => Promise<AgentLink>
  readonly hello: () => AgentHello
  readonly onWelcome: (welcome: Welcome, send: (message: AgentMessage) => void) => void
  /** Everything after the welcome, heartbeats apart, in order. */
  readonly onMessage: (message: ServerMessage) => void
  readonly onClosed: (reason: string) => void
}

export type ServerLinkSupervisor = {
  readonly start: () => void
  readonly state: () => LinkState
  /** False when no link is up; the message is lost then. */
  readonly send: (message: AgentMessage) => boolean
  readonly bufferedBytes: () => number
  /** Closes the link so that it is dialled anew. */
  readonly reset: (reason: string) => void
  /** Says a last word where a link is up, which the server answers by closing it. Resolves when nothing runs any more. */
  readonly stop: (last: AgentMessage | null) => Promise<void>
}

export const LINK_BACKOFF: Backoff = { firstMs: 200, maxMs: 10_000 }
const REFUSED_BACKOFF: Backoff = { firstMs: 5_000, maxMs: 60_000 }
/** A link that held this long counts as good. */
export const LINK_HELD_MS = 10_000
const WELCOME_TIMEOUT_MS = 10_000
/** How long an agent that stops waits for its last word to be heard. */
const LAST_WORD_TIMEOUT_MS = 1_000
const HEARTBEATS_PER_TTL = 3

type Wiring = ServerLinkOptions & { readonly setState: (state: LinkState) => void }

/** Beats within the server's patience, and hangs up on a server that is silent for longer than that. */
const keepAlive = (
  clock: Clock,
  link: AgentLink,
  ttlMs: number,
): { readonly heard: () => void; readonly stop: () => void } => {
  let heardAt = clock.monotonicMs()
  let cancel: Cancel = () => {}
  const beat = (): void => {
    if (clock.monotonicMs() - heardAt > ttlMs) {
      link.close(`the server was silent for more than ${ttlMs} ms`)
      return
    }
    link.send({ kind: 'heartbeat' })
    cancel = clock.after(ttlMs / HEARTBEATS_PER_TTL, beat)
  }
  cancel = clock.after(ttlMs / HEARTBEATS_PER_TTL, beat)
  return {
    heard: () => {
      heardAt = clock.monotonicMs()
    },
    stop: () => cancel(),
  }
}

/** One connection from its greeting to its end. */
const serve = (wiring: Wiring, link: AgentLink, signal: AbortSignal): Promise<LinkOutcome> =>
  new Promise(resolve => {
    const { clock } = wiring
    let alive: ReturnType<typeof keepAlive> | undefined
    let refusal: { readonly code: string; readonly reason: string } | undefined
    let since: number | undefined
    const cancelTimeout = clock.after(WELCOME_TIMEOUT_MS, () => {
      if (since === undefined) link.close(`no welcome within ${WELCOME_TIMEOUT_MS} ms`)
    })
    const onAbort = (): void => link.close('the agent stops')
    signal.addEventListener('abort', onAbort, { once: true })

    link.onClose(reason => {
      cancelTimeout()
      alive?.stop()
      signal.removeEventListener('abort', onAbort)
      if (since === undefined) {
        resolve(refusal === undefined ? { kind: 'failed', reason } : { kind: 'refused', ...refusal })
        return
      }
      wiring.onClosed(reason)
      resolve({ kind: 'served', heldMs: clock.monotonicMs() - since, reason })
    })
    const welcome = (message: Welcome): void => {
      cancelTimeout()
      since = clock.monotonicMs()
      alive = keepAlive(clock, link, message.heartbeatTtlMs)
      wiring.setState({ kind: 'serving', link, since })
      wiring.onWelcome(message, outgoing => link.send(outgoing))
    }
    link.onMessage(message => {
      alive?.heard()
      if (message.kind === 'refused') {
        refusal = { code: message.code, reason: message.message }
        link.close('refused by the server')
      } else if (message.kind === 'welcome') {
        if (since === undefined) welcome(message)
      } else if (message.kind !== 'heartbeat-ack' && since !== undefined) wiring.onMessage(message)
    })
    wiring.setState({ kind: 'greeting', link })
    link.send(wiring.hello())
    if (signal.aborted) onAbort()
  })

const connectOnce = async (wiring: Wiring, signal: AbortSignal): Promise<LinkOutcome> => {
  wiring.setState({ kind: 'dialing' })
  let link: AgentLink
  try {
    link = await wiring.dial()
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) }
  }
  return serve(wiring, link, signal)
}

const pauseAfter = (outcome: LinkOutcome, failures: number, random: Random): number =>
  backoffDelayMs(outcome.kind === 'refused' ? REFUSED_BACKOFF : LINK_BACKOFF, failures, random)

export const createServerLink = (options: ServerLinkOptions): ServerLinkSupervisor => {
  const { clock, random, logger } = options
  const stopping = new AbortController()
  let state: LinkState = { kind: 'dialing' }
  let done: Promise<void> = Promise.resolve()
  let onEnded: () => void = () => {}
  const wiring: Wiring = {
    ...options,
    setState: next => {
      state = next
    },
  }

  const run = async (): Promise<void> => {
    let failures = 0
    while (!stopping.signal.aborted) {
      const outcome = await connectOnce(wiring, stopping.signal)
      onEnded()
      if (stopping.signal.aborted) break
      if (outcome.kind === 'served' && outcome.heldMs >= LINK_HELD_MS) failures = 0
      const pauseMs = pauseAfter(outcome, failures, random)
      failures += 1
      logger.warn({ ...outcome, pauseMs }, 'link to the server is down')
      state = { kind: 'pausing', reason: outcome.reason }
      await sleep(clock, pauseMs, stopping.signal)
    }
    state = { kind: 'stopped' }
  }

  const send = (message: AgentMessage): boolean => {
    if (state.kind !== 'serving') return false
    state.link.send(message)
    return true
  }

  return {
    start: () => {
      done = run()
    },
    state: () => state,
    send,
    bufferedBytes: () => (state.kind === 'serving' ? state.link.bufferedBytes() : 0),
    reset: reason => {
      if (state.kind === 'serving' || state.kind === 'greeting') state.link.close(reason)
    },
    stop: async last => {
      if (last !== null && send(last))
        await within(clock, LAST_WORD_TIMEOUT_MS, new Promise<void>(heard => (onEnded = heard)))
      stopping.abort()
      await done
    },
  }
}
