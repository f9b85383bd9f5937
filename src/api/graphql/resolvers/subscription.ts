import { splitJobKey } from '../../../domain/ids.ts'
import { sleep } from '../../../platform/clock.ts'
import type { ChangeRow } from '../../../projections/queries/changes.ts'
import type { FollowedKind } from '../../../projections/schema.ts'
import type { ApiContext } from '../../context.ts'
import { COALESCE_MS, MAX_FRAME_CHANGES } from '../limits.ts'
import type { Resolvers } from '../load-schema.ts'
import { namespaceOf } from '../read-view.ts'
import { type EventFilter, type EventFrame, passes } from './event.ts'

/** What one subscription sends at once, and how many changes that is. */
export type Frame<T> = { readonly position: number; readonly count: number; readonly payload: T }

/** A field's stream of frames; the signal ends it. The functions under `Subscription` answer these. */
export type FrameSource = (signal: AbortSignal) => AsyncGenerator<Frame<object>>

/** Resolves when the view moves past `position`, or the signal aborts. */
const viewMoves = ({ readModel }: ApiContext, position: number, signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted || readModel.position() > position) return resolve()
    const finish = (): void => {
      stop()
      signal.removeEventListener('abort', finish)
      resolve()
    }
    const stop = readModel.onBatch(reached => {
      if (reached > position) finish()
    })
    signal.addEventListener('abort', finish, { once: true })
  })

/** The next changes after `cursor`, never a part of one position's. */
const nextChanges = ({ readModel }: ApiContext, kind: FollowedKind, cursor: number): readonly ChangeRow[] => {
  const { changes } = readModel.views
  const rows = changes.after(kind, cursor, MAX_FRAME_CHANGES)
  const last = rows.at(-1)
  if (last === undefined || rows.length < MAX_FRAME_CHANGES) return rows
  return [...rows, ...changes.restOf(kind, last.position, last.key)]
}

/**
 * Follows changes of a kind. They are read from the rows, so nothing gathers for a subscriber that is behind, and one that
 * resumes reads the same list as one that was never cut off.
 */
async function* follow(
  context: ApiContext,
  kind: FollowedKind,
  after: number,
  select: (row: ChangeRow) => object | null,
  signal: AbortSignal,
): AsyncGenerator<Frame<object>> {
  let cursor = after
  while (!signal.aborted) {
    const seen = context.readModel.position()
    const rows = nextChanges(context, kind, cursor)
    cursor = rows.at(-1)?.position ?? Math.max(cursor, seen)
    const changes = rows.map(select).filter(change => change !== null)
    if (changes.length > 0) yield { position: cursor, count: changes.length, payload: { position: cursor, changes } }
    if (rows.length > 0) continue
    await viewMoves(context, cursor, signal)
    await sleep(context.clock, COALESCE_MS, signal)
  }
}

type JobsArguments = {
  readonly after?: number | null
  readonly namespace?: string | null
  readonly prefix?: string | null
}

const jobSource =
  (context: ApiContext, args: JobsArguments): FrameSource =>
  signal => {
    const { views } = context.readModel
    const wanted = namespaceOf(args.namespace)
    const select = (row: ChangeRow): object | null => {
      const { namespace, jobId } = splitJobKey(views.jobs.nameOf(row.key))
      if (wanted !== null && namespace !== wanted) return null
      if (!jobId.startsWith(args.prefix ?? '')) return null
      const job = views.jobs.byKey(row.key, row.position)
      return { position: row.position, kind: views.changes.kindAt('job', row), namespace, jobId, job }
    }
    return follow(context, 'job', args.after ?? context.readModel.position(), select, signal)
  }

type AllocationsArguments = {
  readonly after?: number | null
  readonly namespace?: string | null
  readonly jobId?: string | null
  readonly nodeId?: string | null
}

const allocationSource =
  (context: ApiContext, args: AllocationsArguments): FrameSource =>
  signal => {
    const { views } = context.readModel
    const namespace = namespaceOf(args.namespace)
    const select = (row: ChangeRow): object | null => {
      const allocation = views.allocations.byKey(row.key, row.position)
      // One that is gone is judged by how it last was.
      const known = allocation ?? views.allocations.byKey(row.key, row.position - 1)
      if (known === null) return null
      if (namespace !== null && known.namespace !== namespace) return null
      if ((args.jobId ?? known.jobId) !== known.jobId || (args.nodeId ?? known.nodeId) !== known.nodeId) return null
      return {
        position: row.position,
        kind: views.changes.kindAt('allocation', row),
        allocationId: known.id,
        allocation,
      }
    }
    return follow(context, 'allocation', args.after ?? context.readModel.position(), select, signal)
  }

type EventsArguments = { readonly after?: number | null; readonly filter?: EventFilter | null }

/** Events as they are recorded: the feed is pulled, so a subscriber that is behind holds the reading up and nothing else. */
async function* followEvents(
  context: ApiContext,
  args: EventsArguments,
  signal: AbortSignal,
): AsyncGenerator<Frame<object>> {
  for await (const item of context.feed(args.after ?? context.readModel.position(), signal)) {
    if (item.kind === 'caught-up') continue
    const events = item.events.filter(event => passes(args.filter, event))
    for (let from = 0; from < events.length; from += MAX_FRAME_CHANGES) {
      const part = events.slice(from, from + MAX_FRAME_CHANGES)
      const position = part.at(-1)?.position ?? -1
      const payload: EventFrame = { position, events: part }
      yield { position, count: part.length, payload }
    }
  }
}

/** Each answers the source of its frames; the subscription server runs it and resolves every frame's selection. */
export const createFrameSources = (context: ApiContext) => ({
  jobs: (args: JobsArguments): FrameSource => jobSource(context, args),
  allocations: (args: AllocationsArguments): FrameSource => allocationSource(context, args),
  events:
    (args: EventsArguments): FrameSource =>
    signal =>
      followEvents(context, args, signal),
})

/** A frame is the root of the selection: a field of Subscription is the payload itself. */
export const subscriptionResolvers = (_context: ApiContext): Resolvers => ({
  Subscription: {
    jobs: (frame: object) => frame,
    allocations: (frame: object) => frame,
    events: (frame: object) => frame,
  },
})
