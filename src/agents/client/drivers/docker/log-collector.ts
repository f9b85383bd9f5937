import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type Clock, sleep } from '../../../../platform/clock.ts'
import { messageOf } from '../../../../platform/errors.ts'
import type { Logger } from '../../../../platform/logger.ts'
import { appendAt, type OutputLimits } from '../output-files.ts'
import { type DockerApi, isRefusal, QUERY_TIMEOUT_MS } from './docker-api.ts'
import { advance, isTaken, type LogCursor, openCursor, type StreamCursor, sinceOf, writeCursor } from './log-cursor.ts'
import { createFrameReader, type LogRecord, type LogStream } from './log-frames.ts'

/**
 * Carries the output of one container from Docker's own log into the task's files, for as long as the container exists:
 * a reading that breaks off (the daemon restarts, the disk is full) begins again at the cursor.
 *
 * Limits: what is printed while nobody collects is kept up to the log size of container-spec.ts; the same holds for a
 * container that floods faster than Docker's own reader of its logs (some 60,000 lines a second), which then skips the
 * oldest. Where the machine's clock was set back and the agent restarts before it has caught up, the output of that time
 * is repeated.
 */

/** The cursor is written at most this often; what lies between is taken again after a crash, not lost. */
const SAVE_EVERY_MS = 200
/** Output that waits in memory while files are written. */
const MAX_BATCH_BYTES = 1_048_576
const FIRST_RETRY_MS = 100
const LONGEST_RETRY_MS = 5_000

export type LogCollector = {
  /** Resolves when all output of an ended container is in the files, or when the collector was stopped. Never rejects. */
  readonly done: Promise<void>
  /** Stops collecting, the container running or not, with the cursor saved. */
  readonly stop: () => Promise<void>
}

export type LogCollectorOptions = {
  readonly api: DockerApi
  readonly clock: Clock
  readonly logger: Logger
  readonly containerId: string
  readonly cursorPath: string
  readonly bases: Readonly<Record<LogStream, string>>
  readonly limits: OutputLimits
}

const streams = ['stdout', 'stderr'] as const

/** Takes the records of one reading, which may begin with some that were taken before. */
const createTaker = (options: LogCollectorOptions, begin: LogCursor) => {
  const cursor: Record<LogStream, StreamCursor> = { ...begin }
  let savedAtMs = options.clock.monotonicMs()
  const seen = { stdout: 0, stderr: 0 }
  const isPast = { stdout: false, stderr: false }

  const isNew = (record: LogRecord): boolean => {
    const from = begin[record.stream]
    if (record.at === from.at) seen[record.stream] += 1
    isPast[record.stream] ||= !isTaken(from, record, seen[record.stream])
    return isPast[record.stream]
  }

  const save = async (): Promise<void> => {
    savedAtMs = options.clock.monotonicMs()
    await writeCursor(options.cursorPath, cursor)
  }

  const take = async (records: readonly LogRecord[]): Promise<void> => {
    const fresh = records.filter(isNew)
    for (const stream of streams) {
      const mine = fresh.filter(record => record.stream === stream)
      if (mine.length === 0) continue
      const bytes = Buffer.concat(mine.map(record => record.bytes))
      const place = await appendAt(options.bases[stream], cursor[stream].place, bytes, options.limits)
      cursor[stream] = mine.reduce((at, record) => advance(at, record, place), cursor[stream])
    }
    if (options.clock.monotonicMs() - savedAtMs >= SAVE_EVERY_MS) await save()
  }

  return { take, save }
}

const isContainerRunning = async ({ api, containerId }: LogCollectorOptions): Promise<boolean> => {
  const what = `look at container ${containerId}`
  const found = await api.call(what, QUERY_TIMEOUT_MS, abortSignal =>
    api.docker.getContainer(containerId).inspect({ abortSignal }),
  )
  return found.State.Running
}

/** Reads from the cursor to the end that Docker gives the stream: the container's end, or a broken connection. */
const readOnce = async (options: LogCollectorOptions, signal: AbortSignal): Promise<void> => {
  const begin = await openCursor(options.cursorPath, options.bases)
  const taker = createTaker(options, begin)
  try {
    const answer = await options.api.stream(
      `read the output of container ${options.containerId}`,
      {
        method: 'GET',
        path: `/containers/${options.containerId}/logs`,
        query: { follow: true, stdout: true, stderr: true, timestamps: true, since: sinceOf(begin) },
        timeoutMs: QUERY_TIMEOUT_MS,
      },
      signal,
    )
    const readFrames = createFrameReader()
    // Docker sends every line as a piece of its own; what arrives while one batch is written becomes the next one.
    const batches = new PassThrough({ highWaterMark: MAX_BATCH_BYTES })
    const carrying = pipeline(answer, batches)
    // Its failure reaches the reader of the batches too.
    carrying.catch(() => {})
    for await (const batch of batches) await taker.take(readFrames(batch))
  } finally {
    await taker.save()
  }
}

/** The cursor is on disk when this resolves, so that whoever comes later knows what was in the files before. */
export const startLogCollector = async (options: LogCollectorOptions): Promise<LogCollector> => {
  const { clock, logger, containerId } = options
  await openCursor(options.cursorPath, options.bases)
  const abort = new AbortController()

  const run = async (): Promise<void> => {
    let retryMs = FIRST_RETRY_MS
    while (!abort.signal.aborted) {
      try {
        // Asked before reading: what a container printed that had ended by then is read to the end.
        const hadEnded = !(await isContainerRunning(options))
        await readOnce(options, abort.signal)
        if (hadEnded) return
        retryMs = FIRST_RETRY_MS
      } catch (error) {
        if (abort.signal.aborted || isRefusal(error, 404)) return
        logger.warn({ containerId, error: messageOf(error) }, 'container output interrupted')
        await sleep(clock, retryMs, abort.signal)
        retryMs = Math.min(retryMs * 2, LONGEST_RETRY_MS)
      }
    }
  }

  const done = run()
  return {
    done,
    stop: async () => {
      abort.abort(new Error('the collector was stopped'))
      await done
    },
  }
}
