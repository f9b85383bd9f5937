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

/**
 * Which of several appends to one stream stand among its newest events, wherever: one read for all of them. `appends` are
 * in the order in which they were sent.
 */
export const standingSomewhere = async <T extends ServerAppend>(
  reader: Reader,
  stream: string,
  appends: readonly T[],
): Promise<ReadonlyMap<T, Appended>> => {
  const newestFirst: ServerEvent[] = []
  const first = appends[0]?.events[0]?.id
  const count = appends.reduce((sum, append) => sum + append.events.length, MAX_LOOK_BACK)
  await reader.backwards(stream, count, event => {
    newestFirst.push(event)
    return idOf(event) === first
  })
  const events = newestFirst.toReversed()
  const places = new Map(events.map((event, index) => [idOf(event), index]))
  const found = new Map<T, Appended>()
  for (const append of appends) {
    const place = places.get(append.events[0]?.id ?? '')
    if (place === undefined) continue
    const standing = events.slice(place, place + append.events.length)
    const result = isOwn(append, standing) ? appendedAs(standing) : undefined
    if (result) found.set(append, result)
  }
  return found
}

/** Where the event at `revision` stands in the log. */
export const positionAt = async (reader: Reader, stream: string, revision: Revision): Promise<Position | undefined> => {
  for await (const event of reader.stream(stream, revision, revision)) return positionOf(event)
  return undefined
}
