import type { Recorded } from '../../../domain/events.ts'
import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { pageOf } from '../paging.ts'

export type EventFilter = { readonly stream?: string | null; readonly types?: readonly string[] | null }
export type EventFrame = { readonly position: number; readonly events: readonly Recorded[] }

/** True for the events that a filter lets pass. */
export const passes = (filter: EventFilter | null | undefined, event: Recorded): boolean => {
  const stream = filter?.stream ?? null
  const types = filter?.types ?? null
  return (stream === null || event.stream === stream) && (types === null || types.includes(event.type))
}

type EventsArguments = {
  readonly after?: number | null
  readonly first?: number | null
  readonly filter?: EventFilter | null
}

/** Events that one query looks at before it answers with what it has. */
export const MAX_EVENTS_SCANNED = 100_000

/** Reads on until the page is full or the log ends. `position` is that of the last event looked at. */
const readEvents = async (context: ApiContext, args: EventsArguments): Promise<EventFrame> => {
  const { first } = pageOf({ first: args.first ?? null })
  const stop = new AbortController()
  const events: Recorded[] = []
  let position = args.after ?? -1
  let scanned = 0
  try {
    for await (const item of context.feed(position, stop.signal)) {
      if (item.kind === 'caught-up') break
      for (const event of item.events) {
        position = event.position
        scanned += 1
        if (passes(args.filter, event)) events.push(event)
        if (events.length === first) return { position, events }
      }
      if (scanned >= MAX_EVENTS_SCANNED) break
    }
    return { position, events }
  } finally {
    stop.abort()
  }
}

export const eventResolvers = (context: ApiContext): Resolvers => ({
  Query: { events: (_: unknown, args: EventsArguments) => readEvents(context, args) },
})
