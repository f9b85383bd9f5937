/**
 * One call that carries appends to the server and its replies back, many in flight, in the order in which they were
 * written. It knows which appends wait for a reply; when it breaks, it hands back all of them at once. Nothing is shared
 * with other pipes, and a reply that nobody waits for is ignored.
 */
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { Metadata } from '@grpc/grpc-js'
import type { Position, Revision } from '../port.ts'
import { appendRequests, type ServerAppend, safeInteger } from './messages.ts'
import type { Protocol } from './protocol.ts'

export type Reply =
  /** `position` is undefined when the server recognised a repeat but no longer knows where it stands. */
  | { readonly kind: 'appended'; readonly revision: Revision; readonly position: Position | undefined }
  | { readonly kind: 'conflict'; readonly actual: Revision | 'no-stream' }
  | { readonly kind: 'too-large'; readonly limit: number }
  | { readonly kind: 'denied' }
  | { readonly kind: 'deleted' }
  /** The server could not say whether it did it (a timeout), or not do it now (an election): then it does not stand. */
  | { readonly kind: 'unsettled'; readonly reason: string; readonly mayStand: boolean }

export type Pipe<T extends ServerAppend> = {
  readonly send: (append: T) => void
  /** How many appends wait for their reply. */
  readonly inFlight: () => number
  /** The one that has waited longest, and whether a later one was replied to: then its own reply is lost. */
  readonly oldest: () => { readonly append: T; readonly isOvertaken: boolean } | undefined
  /** Ends the call. Answers the appends that still wait, oldest first; none of them is replied to any more. */
  readonly abandon: () => readonly T[]
}

export type PipeOptions<T extends ServerAppend> = {
  readonly protocol: Protocol
  readonly client: StreamsClient
  readonly headers: Metadata
  readonly onReply: (append: T, reply: Reply) => void
  /** Called once, if the call ends other than by `abandon`. */
  readonly onBroken: (error: unknown) => void
}

export const openPipe = <T extends ServerAppend>(options: PipeOptions<T>): Pipe<T> => {
  const { protocol } = options
  const waiting = new Map<string, { readonly append: T; readonly number: number }>()
  let lastReplied = -1
  let count = 0
  let isOver = false
  const call = options.client.batchAppend(options.headers)

  call.on('data', (response: BatchAppendResp) => {
    const id = response.getCorrelationId()?.getString() ?? ''
    const sent = waiting.get(id)
    if (!sent || isOver) return
    try {
      const reply = replyOf(protocol, response)
      waiting.delete(id)
      lastReplied = Math.max(lastReplied, sent.number)
      options.onReply(sent.append, reply)
    } catch (error) {
      breakOff(error)
    }
  })
  const breakOff = (error: unknown): void => {
    if (isOver) return
    isOver = true
    options.onBroken(error)
  }
  call.on('error', breakOff)
  call.on('end', () => breakOff(new Error('the server ended the call')))

  return {
    send: append => {
      const number = count++
      const id = correlationId(number)
      waiting.set(id, { append, number })
      for (const message of appendRequests(protocol, id, append)) call.write(message)
    },
    inFlight: () => waiting.size,
    oldest: () => {
      const sent = waiting.values().next().value
      return sent && { append: sent.append, isOvertaken: sent.number < lastReplied }
    },
    abandon: () => {
      isOver = true
      call.cancel()
      const left = Array.from(waiting.values(), sent => sent.append)
      waiting.clear()
      return left
    },
  }
}

const HEX = 16
const LAST_GROUP = 12

/** The server wants UUIDs, each once per call. */
const correlationId = (count: number): string =>
  `00000000-0000-4000-8000-${count.toString(HEX).padStart(LAST_GROUP, '0')}`

const replyOf = ({ shared }: Protocol, response: BatchAppendResp): Reply => {
  const success = response.getSuccess()
  if (success) {
    const position = success.getPosition()
    return {
      kind: 'appended',
      revision: safeInteger(success.getCurrentRevision(), 'a revision'),
      position: position && safeInteger(position.getCommitPosition(), 'a position'),
    }
  }
  const error = response.getError()
  const details = error?.getDetails()
  const type = details?.getTypeName() ?? ''
  const bytes = details?.getValue_asU8() ?? new Uint8Array()
  if (type === 'event_store.client.WrongExpectedVersion') {
    const wrong = shared.WrongExpectedVersion.deserializeBinary(bytes)
    const actual = wrong.hasCurrentStreamRevision()
      ? safeInteger(wrong.getCurrentStreamRevision(), 'a revision')
      : 'no-stream'
    return { kind: 'conflict', actual }
  }
  if (type === 'event_store.client.MaximumAppendSizeExceeded') {
    return { kind: 'too-large', limit: shared.MaximumAppendSizeExceeded.deserializeBinary(bytes).getMaxappendsize() }
  }
  if (type === 'event_store.client.AccessDenied') return { kind: 'denied' }
  if (type === 'event_store.client.StreamDeleted') return { kind: 'deleted' }
  const message = error?.getMessage() ?? ''
  return { kind: 'unsettled', reason: `it said: ${message}`, mayStand: !notNow.has(message) }
}

/** What a server says of appends that it did not look at. */
const notNow = new Set(['Server Is Not Ready', 'Server Is Busy'])
