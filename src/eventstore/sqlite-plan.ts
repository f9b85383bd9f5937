/**
 * Turns what waits to be written into one transaction: decides each append on the streams as they are on disk and as the
 * appends before it in the group leave them, gives out positions and keys, and lists the statements for the writer's
 * thread. Nothing is taken over into the caches before the transaction is on disk.
 */
import { assert } from '../platform/assert.ts'
import type { AppendDecision, StandingEvent } from './decide-append.ts'
import { decideAppend } from './decide-append.ts'
import type { Generations } from './generations.ts'
import type { AppendResult, Position, Revision } from './port.ts'
import { categoryOf } from './port.ts'
import type { RecentIds } from './recent-ids.ts'
import type { EncodedAppend, EventPlace } from './serde.ts'
import type { Reader, StreamRow } from './sqlite-reader.ts'
import { hexOf } from './sqlite-reader.ts'
import { checksumOf, writerStatements } from './sqlite-schema.ts'

/** Event types are named by the program, so this many are a mistake of ours. */
export const MAX_EVENT_TYPES = 4_096

export type Step = { readonly index: number; readonly width: number; readonly values: (string | number)[] }

export type Write =
  | { readonly kind: 'append'; readonly append: EncodedAppend }
  | { readonly kind: 'keep-newest'; readonly stream: string }

export type WrittenEvent = {
  readonly place: EventPlace
  readonly id: string
  readonly type: string
  readonly body: string
}

export type GroupPlan = {
  readonly steps: readonly Step[]
  /** One per write, in order; undefined for writes other than appends. */
  readonly results: readonly (AppendResult | undefined)[]
  readonly written: readonly WrittenEvent[]
  readonly newTypes: ReadonlyMap<string, number>
  /** The streams that the group looked at, as they are once it is on disk; those that do not exist are left out. */
  readonly streams: ReadonlyMap<string, StreamRow>
  readonly nextStreamKey: number
}

export type PlanBasis = {
  readonly reader: Reader
  readonly nextPosition: Position
  readonly nextStreamKey: number
  readonly typeKeys: ReadonlyMap<string, number>
  readonly recentIds: RecentIds
  /** Streams that were used lately, as they are on disk. */
  readonly recentStreams: Generations<StreamRow>
}

/** A stream as the group sees it: what is on disk, and what the group adds. */
type StreamState = {
  readonly key: number
  head: Revision
  isKeepingNewest: boolean
  readonly added: Map<Revision, StandingEvent>
  readonly addedIds: Map<string, Revision>
}

const emptyAdditions = (): Pick<StreamState, 'added' | 'addedIds'> => ({ added: new Map(), addedIds: new Map() })

export const planGroup = (basis: PlanBasis, writes: readonly Write[]): GroupPlan => {
  const group = createGroup(basis)
  const results = writes.map(write => {
    if (write.kind === 'append') return group.append(write.append)
    group.keepNewest(write.stream)
    return undefined
  })
  return { ...group.close(), results }
}

const createGroup = (basis: PlanBasis) => {
  const { reader } = basis
  const streams = new Map<string, StreamState>()
  const newTypes = new Map<string, number>()
  const written: WrittenEvent[] = []
  const values = { insertStream: [], insertType: [], insertEvent: [], keepNewest: [], deleteOlder: [] } as Record<
    keyof typeof writerStatements,
    (string | number)[]
  >
  let nextStreamKey = basis.nextStreamKey
  let nextPosition = basis.nextPosition

  const known = (name: string): StreamState | undefined => {
    const seen = streams.get(name)
    if (seen) return seen
    const row = basis.recentStreams.get(name) ?? reader.streamRow(name)
    if (!row) return undefined
    const state = { ...row, ...emptyAdditions() }
    streams.set(name, state)
    return state
  }
  const streamFor = (name: string): StreamState => {
    const existing = known(name)
    if (existing) return existing
    const created = { key: nextStreamKey, head: -1, isKeepingNewest: false, ...emptyAdditions() }
    nextStreamKey += 1
    values.insertStream.push(created.key, name, categoryOf(name))
    streams.set(name, created)
    return created
  }
  const typeKey = (name: string): number => {
    const existing = basis.typeKeys.get(name) ?? newTypes.get(name)
    if (existing !== undefined) return existing
    const key = basis.typeKeys.size + newTypes.size + 1
    assert(key <= MAX_EVENT_TYPES, `there are no more than ${MAX_EVENT_TYPES} event types ("${name}" is one more)`)
    newTypes.set(name, key)
    values.insertType.push(key, name)
    return key
  }
  const dropOlder = (state: StreamState): void => {
    if (state.head > 0) values.deleteOlder.push(state.key, state.head)
  }
  const add = (state: StreamState, append: EncodedAppend): void => {
    for (const { id, type, body } of append.events) {
      state.head += 1
      const place = { stream: append.stream, revision: state.head, position: nextPosition }
      nextPosition += 1
      const checksum = checksumOf(place, id, type, body)
      values.insertEvent.push(place.position, state.key, place.revision, hexOf(id), typeKey(type), body, checksum)
      state.added.set(place.revision, { id, position: place.position })
      state.addedIds.set(id, place.revision)
      written.push({ place, id, type, body })
    }
    if (state.isKeepingNewest) dropOlder(state)
  }

  return {
    append: (append: EncodedAppend): AppendResult => {
      const decision = decide(basis, known(append.stream), append)
      if (decision.kind !== 'write') return decision
      const state = streamFor(append.stream)
      add(state, append)
      return { kind: 'appended', revision: state.head, position: nextPosition - 1 }
    },
    keepNewest: (name: string): void => {
      const state = streamFor(name)
      if (!state.isKeepingNewest) values.keepNewest.push(state.key)
      state.isKeepingNewest = true
      dropOlder(state)
    },
    close: (): Omit<GroupPlan, 'results'> => ({ steps: stepsOf(values), written, streams, newTypes, nextStreamKey }),
  }
}

const decide = (
  { reader, recentIds }: PlanBasis,
  state: StreamState | undefined,
  append: EncodedAppend,
): AppendDecision =>
  decideAppend(
    {
      headOf: () => state?.head ?? -1,
      eventAt: (_stream, revision) => state && standingEvent(reader, state, revision),
      revisionOf: (_stream, id) => {
        if (!state) return undefined
        return state.addedIds.get(id) ?? recentIds.revisionOf(append.stream, id)
      },
    },
    append,
  )

const standingEvent = (reader: Reader, state: StreamState, revision: Revision): StandingEvent | undefined => {
  const isKept = revision === state.head || (revision < state.head && !state.isKeepingNewest)
  return isKept ? (state.added.get(revision) ?? reader.eventAt(state.key, revision)) : undefined
}

/** In the order of the table: keys are inserted before what refers to them, older events deleted last. */
const stepsOf = (values: Record<keyof typeof writerStatements, (string | number)[]>): readonly Step[] =>
  (Object.keys(writerStatements) as (keyof typeof writerStatements)[])
    .filter(name => values[name].length > 0)
    .map(name => ({ index: writerStatements[name].index, width: writerStatements[name].width, values: values[name] }))
