import type { RequestPlace } from '../domain/cluster/index.ts'
import { commandEventId, type JobKey } from '../domain/ids.ts'
import { decideJob, type JobCommand, type JobEvent, type JobRejection } from '../domain/job/index.ts'
import type { EventStore, Position } from '../eventstore/port.ts'
import { catchUp } from './catch-up.ts'
import type { ClusterView } from './cluster-view.ts'
import { decode, encode, type Provenance } from './codec.ts'

/** How often a command is decided again after somebody else appended first. */
export const MAX_COMMAND_ATTEMPTS = 5

export type JobCommandResult =
  /** `events` is empty when it was already so; `position` is then the state's own. */
  | {
      readonly kind: 'accepted'
      readonly position: Position
      readonly events: readonly JobEvent[]
      readonly eventIds: readonly string[]
    }
  | { readonly kind: 'rejected'; readonly rejection: JobRejection }
  | { readonly kind: 'contended' }

export type JobCommandRequest = {
  readonly key: JobKey
  /** The ids of the events follow from it: a resend is recognised (I5). */
  readonly commandId: string
  readonly command: JobCommand
  readonly provenance: Provenance
}

export type JobCommandHandler = (request: JobCommandRequest) => Promise<JobCommandResult>

type Accepted = Extract<JobCommandResult, { kind: 'accepted' }>

/** The events that this very command was answered with before, which stand from `place` on. */
const earlierAnswer = async (
  store: EventStore,
  { key, commandId }: JobCommandRequest,
  place: RequestPlace,
): Promise<Accepted> => {
  const events: JobEvent[] = []
  const eventIds: string[] = []
  let { position } = place
  for await (const stored of store.read(`job-${key}`, place.revision)) {
    if (stored.id !== commandEventId(commandId, events.length)) break
    const event = decode(stored)
    // Only job events stand in a job's stream.
    events.push({ type: event.type, data: event.data } as JobEvent)
    eventIds.push(stored.id)
    position = stored.position
  }
  return { kind: 'accepted', position, events, eventIds }
}

/**
 * Decides a command on the folded state of its job and appends at the revision that was folded; where somebody came first
 * it catches up and decides again. A command that is sent again gets the answer it had (I5). Expected outcomes are values; a failing store throws AppError.
 */
export const createJobCommandHandler = (store: EventStore, view: ClusterView): JobCommandHandler => {
  return async request => {
    const { key, commandId, command, provenance } = request
    for (let attempt = 0; attempt < MAX_COMMAND_ATTEMPTS; attempt++) {
      const earlier = view.state.recentRequests.get(commandEventId(commandId, 0))
      if (earlier !== undefined) return earlierAnswer(store, request, earlier)
      const job = view.state.jobs.get(key)
      const decision = decideJob(job, command)
      if (decision.kind === 'rejected') return decision
      const { events } = decision
      if (events.length === 0) return { kind: 'accepted', position: view.state.position, events, eventIds: [] }
      const eventIds = events.map((_, index) => commandEventId(commandId, index))
      const encoded = events.map((event, index) => encode(eventIds[index] ?? '', event, provenance))
      const result = await store.append(`job-${key}`, job?.revision ?? 'no-stream', encoded)
      if (result.kind === 'appended') return { kind: 'accepted', position: result.position, events, eventIds }
      await catchUp(store, view, `job-${key}`, job?.revision ?? 'no-stream')
    }
    return { kind: 'contended' }
  }
}
