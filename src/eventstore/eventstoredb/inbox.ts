/**
 * What a reading call has delivered and nobody has taken yet: bounded, since a full inbox stops the call, and gRPC's flow
 * control then stops the server. Whatever happens to the call is an answer of `wait`; nothing is ever thrown from outside.
 */
import type { ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ClientReadableStream } from '@grpc/grpc-js'
import type { Clock } from '../../platform/clock.ts'
import { bytesOf } from './messages.ts'

/** Messages and bytes that an inbox holds before it stops the call; a single larger message still fits. */
export const MAX_INBOX_MESSAGES = 2_048
export const MAX_INBOX_BYTES = 8_000_000

export type Arrival =
  | { readonly kind: 'arrived' }
  /** Nothing came for as long as was waited. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly error: unknown }

export type Inbox = {
  /** The oldest messages, at most `limit`; none if nothing is at hand. */
  readonly take: (limit: number) => readonly ReadResp[]
  readonly wait: (timeoutMs: number) => Promise<Arrival>
  /** Whether it was full since it was asked last. */
  readonly wasFull: () => boolean
  /** Cancels the call and ends a `wait`. */
  readonly close: () => void
}

export const openInbox = (call: ClientReadableStream<ReadResp>, clock: Clock): Inbox => {
  let messages: ReadResp[] = []
  let bytes = 0
  let isStopped = false
  let hasBeenFull = false
  let ending: Arrival | undefined
  let wake: (() => void) | undefined

  call.on('data', (message: ReadResp) => {
    messages.push(message)
    bytes += sizeOf(message)
    if (messages.length >= MAX_INBOX_MESSAGES || bytes >= MAX_INBOX_BYTES) {
      isStopped = true
      hasBeenFull = true
      call.pause()
    }
    wake?.()
  })
  const end = (how: Arrival): void => {
    ending ??= how
    wake?.()
  }
  call.on('error', error => end({ kind: 'failed', error }))
  call.on('end', () => end({ kind: 'ended' }))

  const take = (limit: number): readonly ReadResp[] => {
    const taken = messages.length <= limit ? messages : messages.slice(0, limit)
    messages = taken === messages ? [] : messages.slice(limit)
    for (const message of taken) bytes -= sizeOf(message)
    if (isStopped && messages.length === 0) {
      isStopped = false
      call.resume()
    }
    return taken
  }

  const wait = async (timeoutMs: number): Promise<Arrival> => {
    if (messages.length > 0) return { kind: 'arrived' }
    if (ending) return ending
    let cancel = (): void => {}
    await new Promise<void>(resolve => {
      wake = resolve
      cancel = clock.after(timeoutMs, resolve)
    })
    wake = undefined
    cancel()
    if (messages.length > 0) return { kind: 'arrived' }
    return ending ?? { kind: 'silent' }
  }

  return {
    take,
    wait,
    wasFull: () => {
      const answer = hasBeenFull
      hasBeenFull = false
      return answer
    },
    close: () => {
      end({ kind: 'ended' })
      messages = []
      call.cancel()
    },
  }
}

const sizeOf = (message: ReadResp): number => {
  const event = message.getEvent()?.getEvent()
  return event ? bytesOf(event) : 0
}
