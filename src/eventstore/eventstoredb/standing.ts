/** Whether the events of an append stand in its stream already: what settles an append whose outcome is unknown (I6). */
import type { AppendResult, Position, Revision } from '../port.ts'
import { idOf, positionOf, revisionOf, type ServerAppend, type ServerEvent } from './messages.ts'
import type { Reader } from './reader.ts'

/** Events behind which an append that names no revision is not looked for. */
export const MAX_LOOK_BACK = 1_024

type Appended = Extract<AppendResult, { kind: 'appended' }>

const isOwn = (append: ServerAppend, standing: readonly ServerEvent[]): boolean =>
  standing.length === append.events.length &&
  append.events.every((event, index) => standingId(standing, index) === event.id)

const standingId = (standing: readonly ServerEvent[], index: number): string | undefined => {
  const event = standing[index]
  return event && idOf(event)
}

const appendedAs = (standing: readonly ServerEvent[]): Appended | undefined => {
  const last = standing.at(-1)
  return last && { kind: 'appended', revision: revisionOf(last), position: positionOf(last) }
}

/** The append's result if its events stand where it expected to put them. */
export const standsAtItsPlace = async (reader: Reader, append: ServerAppend): Promise<Appended | undefined> => {
  if (append.expected === 'any') return undefined
  const place = append.expected === 'no-stream' ? 0 : append.expected + 1
  const standing: ServerEvent[] = []
  for await (const event of reader.stream(append.stream, place, place + append.events.length - 1)) standing.push(event)
  return isOwn(append, standing) ? appendedAs(standing) : undefined
}

/** The append's result if its events stand anywhere among the newest of its stream. */
export const standsSomewhere = async (reader: Reader, append: ServerAppend): Promise<Appended | undefined> => {
  const newestFirst: ServerEvent[] = []
  const first = append.events[0]?.id
  await reader.backwards(append.stream, MAX_LOOK_BACK + append.events.length, event => {
    newestFirst.push(event)
    return idOf(event) === first
  })
  const standing = newestFirst.slice(-append.events.length).toReversed()
  return isOwn(append, standing) ? appendedAs(standing) : undefined
}

/** Where the event at `revision` stands in the log. */
export const positionAt = async (reader: Reader, stream: string, revision: Revision): Promise<Position | undefined> => {
  for await (const event of reader.stream(stream, revision, revision)) return positionOf(event)
  return undefined
}
