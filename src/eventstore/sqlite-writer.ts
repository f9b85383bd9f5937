/**
 * Group commit: one transaction is under way at a time, and whatever arrives meanwhile goes into the next one. States:
 * open → stopped (a write failed) or closed, and never back.
 */
import { AppError } from '../platform/errors.ts'
import { createGenerations } from './generations.ts'
import type { AppendResult, Position } from './port.ts'
import type { RecentIds } from './recent-ids.ts'
import { createRecentIds } from './recent-ids.ts'
import { closedError } from './serde.ts'
import { failureOf } from './sqlite-failure.ts'
import type { GroupPlan, Write, WrittenEvent } from './sqlite-plan.ts'
import { planGroup } from './sqlite-plan.ts'
import type { Reader, StreamRow } from './sqlite-reader.ts'
import type { WorkerLink } from './sqlite-worker-link.ts'

/** Calls and bytes that may wait for the transaction under way; a call is taken as long as neither is reached. */
export const MAX_QUEUED_CALLS = 8_192
export const MAX_QUEUED_BYTES = 64_000_000
/** Writes and bytes that one transaction takes, so that no one waits for a huge one; a single larger call goes alone. */
export const MAX_GROUP_WRITES = 4_096
export const MAX_GROUP_BYTES = 8_000_000
/** Ids of events of earlier runs that are remembered; whoever resends across a restart does so soon. */
export const IDS_LOADED = 16_384
/** Streams whose newest revision is kept in memory, so that appending to them reads nothing. */
export const MAX_STREAMS_REMEMBERED = 16_384

export type WriterOptions = {
  readonly path: string
  readonly reader: Reader
  readonly link: WorkerLink
  readonly maxQueuedCalls: number
  readonly onCommitted: (written: readonly WrittenEvent[]) => void
  /** Called once, with what everybody is told from now on. */
  readonly onStopped: (error: AppError) => void
}

export type Writer = {
  /** Resolves when the writes are on disk, with the results of those that are appends. `attempted` is for messages. */
  readonly submit: (writes: readonly Write[], attempted: string) => Promise<readonly AppendResult[]>
  /** The error of a store that stopped or was closed. */
  readonly refusal: (attempted: string) => AppError | undefined
  /** Lets what waits be written, then closes the thread. */
  readonly close: () => Promise<void>
}

type Call = {
  readonly writes: readonly Write[]
  readonly bytes: number
  readonly resolve: (results: readonly AppendResult[]) => void
  readonly reject: (error: unknown) => void
}

const bytesOf = (writes: readonly Write[]): number =>
  writes.reduce((sum, write) => sum + (write.kind === 'append' ? write.append.bytes : 0), 0)

export const createWriter = (options: WriterOptions): Writer => {
  const { reader, link, path } = options
  let queue: Call[] = []
  let queuedBytes = 0
  let nextPosition: Position = reader.head() + 1
  let nextStreamKey = reader.newestStreamKey() + 1
  const typeKeys = reader.typeKeys()
  const recentStreams = createGenerations<StreamRow>(MAX_STREAMS_REMEMBERED)
  const recentIds = lazyRecentIds(reader)
  let running: Promise<void> | undefined
  let stopped: AppError | undefined
  let isClosed = false

  const stop = (error: AppError): void => {
    stopped = error
    for (const call of queue.splice(0)) call.reject(error)
    queuedBytes = 0
    options.onStopped(error)
  }

  const takeGroup = (): readonly Call[] => {
    let count = 0
    let writes = 0
    let bytes = 0
    for (const call of queue) {
      const isFull = writes + call.writes.length > MAX_GROUP_WRITES || bytes + call.bytes > MAX_GROUP_BYTES
      if (count > 0 && isFull) break
      count += 1
      writes += call.writes.length
      bytes += call.bytes
    }
    queuedBytes -= bytes
    const group = queue.slice(0, count)
    queue = queue.slice(count)
    return group
  }

  const commitGroup = async (group: readonly Call[]): Promise<void> => {
    const writes = group.flatMap(call => call.writes)
    const plan = planGroup({ reader, nextPosition, nextStreamKey, typeKeys, recentIds, recentStreams }, writes)
    const outcome = plan.steps.length === 0 ? ({ kind: 'committed' } as const) : await link.commit(plan.steps)
    if (outcome.kind === 'committed') {
      takeOver(plan)
      settle(group, plan)
      return
    }
    const failure = failureOf(path, outcome)
    for (const call of group) call.reject(failure.error)
    if (failure.kind === 'stopped') stop(failure.later)
  }

  const takeOver = (plan: GroupPlan): void => {
    nextPosition += plan.written.length
    nextStreamKey = plan.nextStreamKey
    for (const [name, key] of plan.newTypes) typeKeys.set(name, key)
    for (const [name, { key, head, isKeepingNewest }] of plan.streams) {
      recentStreams.set(name, { key, head, isKeepingNewest })
    }
    for (const { place, id } of plan.written) recentIds.add({ id, stream: place.stream, revision: place.revision })
    if (plan.written.length > 0) options.onCommitted(plan.written)
  }

  const run = async (): Promise<void> => {
    // The rest of the caller's turn goes into the first group.
    await Promise.resolve()
    while (queue.length > 0) {
      const group = takeGroup()
      try {
        await commitGroup(group)
      } catch (error) {
        for (const call of group) call.reject(error)
        if (error instanceof AppError && error.code === 'STORE_CORRUPT') stop(error)
      }
    }
    running = undefined
  }

  const refusal = (attempted: string): AppError | undefined =>
    stopped ?? (isClosed ? closedError(attempted) : undefined)

  return {
    refusal,
    submit: (writes, attempted) => {
      const refused = refusal(attempted)
      if (refused) return Promise.reject(refused)
      if (queue.length >= options.maxQueuedCalls || queuedBytes >= MAX_QUEUED_BYTES) {
        return Promise.reject(overloaded(attempted, queue.length, queuedBytes))
      }
      return new Promise((resolve, reject) => {
        const call = { writes, bytes: bytesOf(writes), resolve, reject }
        queue.push(call)
        queuedBytes += call.bytes
        running ??= run()
      })
    },
    close: async () => {
      isClosed = true
      await running
      await link.close()
    },
  }
}

/** Ids of earlier runs are read when they are first asked for: a start has no time for them. */
const lazyRecentIds = (reader: Reader): RecentIds => {
  const ids = createRecentIds()
  let isLoaded = false
  return {
    add: event => {
      if (isLoaded) ids.add(event)
    },
    revisionOf: (stream, id) => {
      if (!isLoaded) for (const event of reader.newestIds(IDS_LOADED)) ids.add(event)
      isLoaded = true
      return ids.revisionOf(stream, id)
    },
  }
}

const settle = (group: readonly Call[], plan: GroupPlan): void => {
  let at = 0
  for (const call of group) {
    const results = plan.results.slice(at, at + call.writes.length)
    at += call.writes.length
    call.resolve(results.filter(result => result !== undefined))
  }
}

const overloaded = (attempted: string, calls: number, bytes: number): AppError =>
  new AppError('OVERLOADED', `could not ${attempted}: ${calls} appends (${bytes} bytes) wait for the disk already`, {
    hint: 'Try again after a moment; if it lasts, the disk is too slow for what is asked of it.',
  })
