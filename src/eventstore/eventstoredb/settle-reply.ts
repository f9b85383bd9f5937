/** What the server's reply to an append means for whoever asked, with a second look at the stream where that is needed. */
import { AppError, messageOf } from '../../platform/errors.ts'
import type { AppendResult, Revision } from '../port.ts'
import type { Reply } from './append-pipe.ts'
import type { Pending } from './append-queue.ts'
import type { Reader } from './reader.ts'
import { positionAt, standsAtItsPlace } from './standing.ts'
import { accessDenied, deletedError, outcomeUnknown } from './trouble.ts'

export const settleReply = (
  reader: Reader,
  server: string,
  pending: Pending,
  reply: Exclude<Reply, { kind: 'unsettled' }>,
): void => {
  const look = (result: Promise<AppendResult>, otherwise: (error: unknown) => unknown): void => {
    result.then(
      result => pending.settle({ result }),
      (error: unknown) => pending.settle({ error: otherwise(error) }),
    )
  }
  switch (reply.kind) {
    case 'appended': {
      const { revision, position } = reply
      if (position !== undefined) pending.settle({ result: { kind: 'appended', revision, position } })
      else look(appendedAt(reader, pending, revision), error => unknownOutcome(server, pending, error))
      return
    }
    case 'conflict':
      look(conflictOf(reader, pending, reply.actual), error =>
        pending.mayStand ? unknownOutcome(server, pending, error) : error,
      )
      return
    case 'too-large':
      pending.settle({ error: tooLarge(server, pending, reply.limit) })
      return
    case 'denied':
      pending.settle({ error: accessDenied(server) })
      return
    case 'deleted':
      pending.settle({ error: deletedError(pending.stream) })
  }
}

/** The server recognised the append as a repeat and named no position. */
const appendedAt = async (reader: Reader, pending: Pending, revision: Revision): Promise<AppendResult> => {
  const position = await positionAt(reader, pending.stream, revision)
  if (position === undefined) throw new Error('its events are there no longer')
  return { kind: 'appended', revision, position }
}

const conflictOf = async (reader: Reader, pending: Pending, actual: Revision | 'no-stream'): Promise<AppendResult> => {
  const conflict = { kind: 'conflict', actual } as const
  if (actual === 'no-stream') return conflict
  return (await standsAtItsPlace(reader, pending)) ?? conflict
}

const unknownOutcome = (server: string, pending: Pending, error: unknown): AppError =>
  outcomeUnknown(`append to ${pending.stream}`, server, messageOf(error))

const tooLarge = (server: string, { stream, bytes }: Pending, limit: number): AppError =>
  new AppError(
    'APPEND_TOO_LARGE',
    `${server} refused an append of ${bytes} bytes to ${stream}: its limit is ${limit}`,
    {
      hint: "Set the server's MaxAppendSize to 1 MiB or more; that is its default.",
    },
  )
