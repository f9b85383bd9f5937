/** The fake's side of reads and subscriptions. */
import type { ReadReq, ReadResp } from '@eventstore/db-client/generated/streams_pb.js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import type { SubscriptionFault } from './faults.ts'
import type { FakeLog, FakeRecord } from './log.ts'
import { checkpointResponse, eventResponse, failures, shared, streams } from './wire.ts'

export type ReadCall = ServerWritableStream<ReadReq, ReadResp>

/** Live events that wait for a slow reader before the server drops it; as the real one does. */
const MAX_LIVE_BUFFER = 64
const DEFAULT_WINDOW = 32

export const isAll = (request: ReadReq): boolean => request.getOptions()?.hasAll() ?? false
export const isSubscription = (request: ReadReq): boolean => request.getOptions()?.hasSubscription() ?? false
export const streamOf = (request: ReadReq): string =>
  Buffer.from(request.getOptions()?.getStream()?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8')

/** Where in `$all` it begins, -1 at the start. */
export const startOf = (request: ReadReq): number =>
  Number(request.getOptions()?.getAll()?.getPosition()?.getCommitPosition() ?? -1)

type Pass = (record: FakeRecord) => boolean

const filterOf = (options: ReadReq.Options): Pass => {
  const expression = options.getFilter()?.getStreamIdentifier()
  if (!expression) return () => true
  if (expression.getRegex() !== '') {
    const pattern = new RegExp(expression.getRegex(), 'u')
    return record => pattern.test(record.stream)
  }
  const prefixes = expression.getPrefixList()
  return record => prefixes.some(prefix => record.stream.startsWith(prefix))
}

const send = async (call: ReadCall, records: Iterable<FakeRecord>): Promise<void> => {
  for (const record of records) {
    if (call.cancelled) return
    if (!call.write(eventResponse(record))) await drained(call)
  }
}

const drained = (call: ReadCall): Promise<void> =>
  new Promise(resolve => {
    const done = (): void => {
      call.off('drain', done)
      call.off('cancelled', done)
      resolve()
    }
    call.on('drain', done)
    call.on('cancelled', done)
  })

/** Answers how many records of `$all` were gone through for it. */
export const answerRead = async (log: FakeLog, call: ReadCall): Promise<number> => {
  const { request } = call
  const options = request.getOptions()
  if (!options) throw new Error('a read has options')
  const isBackwards = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS
  const count = Number(options.getCount())
  let gone = 0
  if (isAll(request)) {
    await send(
      call,
      readAll(log, options, isBackwards, count, () => {
        gone += 1
      }),
    )
  } else {
    const kept = log.stream(streamOf(request))
    if (kept) await send(call, readStream(kept, options, isBackwards, count))
    else {
      const identifier = new shared.StreamIdentifier().setStreamName(Buffer.from(streamOf(request)))
      call.write(
        new streams.ReadResp().setStreamNotFound(new streams.ReadResp.StreamNotFound().setStreamIdentifier(identifier)),
      )
    }
  }
  call.end()
  return gone
}

function* readAll(
  log: FakeLog,
  options: ReadReq.Options,
  isBackwards: boolean,
  count: number,
  onRecord: () => void,
): Generator<FakeRecord> {
  const all = options.getAll()
  const pass = filterOf(options)
  const records = log.all()
  const position = all?.getPosition()
  const start = all?.hasEnd() ? records.length : position ? log.indexOf(Number(position.getCommitPosition())) : 0
  let left = count
  for (
    let index = isBackwards ? start - 1 : start;
    index >= 0 && index < records.length;
    index += isBackwards ? -1 : 1
  ) {
    const record = records[index]
    if (left <= 0) return
    onRecord()
    if (!record || !pass(record)) continue
    left -= 1
    yield record
  }
}

const readStream = (
  kept: readonly FakeRecord[],
  options: ReadReq.Options,
  isBackwards: boolean,
  count: number,
): readonly FakeRecord[] => {
  const place = options.getStream()
  const from = place?.hasRevision() ? Number(place.getRevision()) : isBackwards ? Infinity : 0
  const wanted = kept.filter(record => (isBackwards ? record.revision <= from : record.revision >= from))
  return (isBackwards ? wanted.toReversed() : wanted).slice(0, count)
}

export const answerSubscription = async (
  log: FakeLog,
  call: ReadCall,
  fault: SubscriptionFault | undefined,
): Promise<void> => {
  const options = call.request.getOptions()
  if (!options) throw new Error('a subscription has options')
  call.write(
    new streams.ReadResp().setConfirmation(new streams.ReadResp.SubscriptionConfirmation().setSubscriptionId('fake')),
  )
  if (fault?.kind === 'forgotten') return
  const pass = filterOf(options)
  const window =
    (options.getFilter()?.getMax() ?? DEFAULT_WINDOW) * (options.getFilter()?.getCheckpointintervalmultiplier() ?? 1)
  const start = startOf(call.request)
  // The record at the position itself is read first and left out: the start is exclusive.
  let index = start < 0 ? 0 : log.indexOf(start) + 1
  let considered = 0
  let delivered = 0

  /** Delivers what is there. Answers whether the call goes on. */
  const advance = async (isLive: boolean): Promise<boolean> => {
    for (let record = log.all()[index]; record && !call.cancelled; record = log.all()[index]) {
      index += 1
      considered += 1
      if (pass(record)) {
        delivered += 1
        for (let copy = fault?.kind === 'twice' ? 2 : 1; copy > 0; copy--) {
          const hasRoom = call.write(eventResponse(record))
          if (!hasRoom && isLive && call.writableLength > MAX_LIVE_BUFFER) return fail(call, failures.tooSlow)
          if (!hasRoom && !isLive) await drained(call)
        }
        if (fault?.kind === 'cut-after' && delivered >= fault.events) return fail(call, failures.cut)
      }
      if (considered >= window) {
        considered = 0
        call.write(checkpointResponse(record.position))
      }
    }
    return !call.cancelled
  }

  if (!(await advance(false))) return
  call.write(new streams.ReadResp().setCaughtUp(new streams.ReadResp.CaughtUp()))
  let advancing: Promise<unknown> = Promise.resolve()
  const stop = log.onAppend(() => {
    advancing = advancing.then(async () => {
      if (!(await advance(true))) stop()
    })
  })
  call.once('cancelled', stop)
}

const fail = (call: ReadCall, failure: object): false => {
  call.emit('error', failure)
  return false
}
