/**
 * An EventStoreDB for tests: a gRPC server over the official client's own service definitions, which keeps everything in
 * this process's memory, whatever becomes of its clients, and does wrong what a test asks it to. Where it differs from the
 * real server the real one is right (docs/eventstore.md).
 */

import type { BatchAppendReq, BatchAppendResp } from '@eventstore/db-client/generated/streams_pb.js'
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type sendUnaryData,
} from '@grpc/grpc-js'
import { type AppendFault, type CallFault, type Faults, noFaults } from './faults.ts'
import { createFakeLog, type FakeDecision, type FakeEvent, type FakeExpected, type FakeLog } from './log.ts'
import { answerRead, answerSubscription, isAll, isSubscription, type ReadCall, startOf, streamOf } from './reads.ts'
import {
  batchResponse,
  type CallFailure,
  failures,
  features,
  featuresService,
  gossip,
  gossipService,
  streamsService,
} from './wire.ts'

export type FakeOptions = {
  readonly tls?: { readonly certificate: Buffer; readonly key: Buffer }
  readonly credentials?: { readonly username: string; readonly password: string }
  readonly log?: FakeLog
}

export type FakeEventStoreDb = {
  readonly port: number
  /** The connection string of a cluster whose streams begin with `prefix`. */
  readonly url: (prefix: string) => string
  readonly faults: Faults
  readonly log: FakeLog
  /** Calls of all kinds that were made so far. */
  readonly calls: () => number
  /** Appends that have arrived so far, carried out or not. */
  readonly arrived: () => number
  /** Records of `$all` that reads made it go through so far, whether they passed or not. */
  readonly goneThrough: () => number
  /** Cuts all connections; nobody listens any more. */
  readonly stop: () => void
  /** Listens again, at the same port, on the same log. */
  readonly start: () => Promise<void>
}

type BatchCall = ServerDuplexStream<BatchAppendReq, BatchAppendResp>

export const startFake = async (options: FakeOptions = {}): Promise<FakeEventStoreDb> => {
  const log = options.log ?? createFakeLog()
  const faults = noFaults()
  let server: Server | undefined
  let port = 0
  let calls = 0
  let arrived = 0
  let goneThrough = 0

  /** Ends the call as `fault` says. Answers whether it goes on. */
  const obey = async (call: ReadCall | BatchCall, fault: CallFault): Promise<boolean> => {
    if (fault.kind === 'late') {
      await fault.until
      return true
    }
    if (fault.kind !== 'silence') call.emit('error', failureOf(fault))
    return false
  }

  const isKnown = (call: ReadCall | BatchCall): boolean => {
    if (!options.credentials) return true
    const { username, password } = options.credentials
    const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    return call.metadata.get('authorization')[0] === expected
  }

  const read = async (call: ReadCall): Promise<void> => {
    calls += 1
    if (!isKnown(call)) return void call.emit('error', failures.unauthenticated)
    if (isSubscription(call.request)) {
      const fault = faults.subscribe(startOf(call.request))
      if (fault && isCallFault(fault) && !(await obey(call, fault))) return
      await answerSubscription(log, call, fault)
    } else {
      const fault = faults.read(isAll(call.request) ? '$all' : streamOf(call.request))
      if (fault && !(await obey(call, fault))) return
      goneThrough += await answerRead(log, call)
    }
  }

  const batchAppend = (call: BatchCall): void => {
    calls += 1
    if (!isKnown(call)) return void call.emit('error', failures.unauthenticated)
    const unfinished = new Map<string, { first: BatchAppendReq; events: FakeEvent[] }>()
    let working: Promise<unknown> = Promise.resolve()
    call.on('data', (request: BatchAppendReq) => {
      const id = request.getCorrelationId()?.getString() ?? ''
      const append = unfinished.get(id) ?? { first: request, events: [] }
      unfinished.set(id, append)
      append.events.push(...request.getProposedMessagesList().map(eventOf))
      if (!request.getIsFinal()) return
      unfinished.delete(id)
      arrived += 1
      working = working.then(() => appendOne(call, append.first, append.events))
    })
    call.on('end', () => {
      working = working.then(() => call.end())
    })
  }

  const appendOne = async (call: BatchCall, request: BatchAppendReq, events: readonly FakeEvent[]): Promise<void> => {
    const stream = Buffer.from(request.getOptions()?.getStreamIdentifier()?.getStreamName_asU8() ?? []).toString('utf8')
    const fault = faults.append(stream)
    const reply = (answer: Parameters<typeof batchResponse>[2]): void => {
      if (!call.cancelled) call.write(batchResponse(request.getCorrelationId(), stream, answer))
    }
    if (call.cancelled) return
    if (fault && isCallFault(fault) && fault.kind !== 'not-ready' && fault.kind !== 'denied') {
      if (!(await obey(call, fault)) || call.cancelled) return
    }
    if (fault?.kind === 'not-ready' || fault?.kind === 'denied' || fault?.kind === 'too-large') return reply(fault)
    if (fault?.kind === 'timeout' && !fault.isWritten) return reply(fault)
    answer(call, fault, log.append(stream, expectedOf(request), events), reply)
  }

  const answer = (
    call: BatchCall,
    fault: AppendFault | undefined,
    decision: FakeDecision,
    reply: (answer: Parameters<typeof batchResponse>[2]) => void,
  ): void => {
    if (fault?.kind === 'reply-lost') return
    if (fault?.kind === 'cut-after-commit') {
      call.emit('error', failures.cut)
    } else if (fault?.kind === 'timeout') {
      reply({ kind: 'timeout' })
    } else if (fault?.kind === 'wrong-version' && 'last' in decision) {
      reply({ kind: 'wrong-version', actual: decision.last.revision })
    } else if (fault?.kind === 'no-position' && 'last' in decision) {
      reply({ kind: 'no-position', revision: decision.last.revision })
    } else {
      if (fault?.kind === 'reply-twice') {
        call.write(batchResponse(undefined, 'nobody', decision))
        reply(decision)
      }
      reply(decision)
    }
  }

  const readGossip = (_call: unknown, callback: sendUnaryData<InstanceType<typeof gossip.ClusterInfo>>): void => {
    calls += 1
    const endPoint = new gossip.EndPoint().setAddress('127.0.0.1').setPort(port)
    const self = new gossip.MemberInfo()
      .setIsAlive(true)
      .setState(gossip.MemberInfo.VNodeState.LEADER)
      .setHttpEndPoint(endPoint)
    callback(null, new gossip.ClusterInfo().setMembersList([self]))
  }

  const getSupportedMethods = (
    _call: ServerUnaryCall<unknown, unknown>,
    callback: sendUnaryData<InstanceType<typeof features.SupportedMethods>>,
  ): void => {
    const method = new features.SupportedMethod()
      .setServiceName('event_store.client.streams.streams')
      .setMethodName('batchappend')
    callback(null, new features.SupportedMethods().setEventStoreServerVersion('23.10.0-fake').setMethodsList([method]))
  }

  const start = async (): Promise<void> => {
    // As the real server's: what is more waits, whoever holds the others.
    const started = new Server({ 'grpc.max_concurrent_streams': 100 })
    started.addService(streamsService, { read: (call: ReadCall) => void read(call), batchAppend })
    started.addService(gossipService, { read: readGossip })
    started.addService(featuresService, { getSupportedMethods })
    const credentials = options.tls
      ? ServerCredentials.createSsl(null, [{ cert_chain: options.tls.certificate, private_key: options.tls.key }])
      : ServerCredentials.createInsecure()
    port = await new Promise<number>((resolve, reject) => {
      started.bindAsync(`127.0.0.1:${port}`, credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
    })
    server = started
  }

  await start()
  return {
    port,
    url: prefix => `esdb://127.0.0.1:${port}/${prefix}${options.tls ? '' : '?tls=false'}`,
    faults,
    log,
    calls: () => calls,
    arrived: () => arrived,
    goneThrough: () => goneThrough,
    stop: () => server?.forceShutdown(),
    start,
  }
}

const isCallFault = (fault: { readonly kind: string }): fault is CallFault =>
  ['cut', 'silence', 'not-ready', 'denied', 'moved', 'late'].includes(fault.kind)

const failureOf = (fault: CallFault): CallFailure => {
  if (fault.kind === 'not-ready') return failures.notReady
  if (fault.kind === 'denied') return failures.denied
  return fault.kind === 'moved' ? failures.moved(fault.host, fault.port) : failures.cut
}

const eventOf = (message: BatchAppendReq.ProposedMessage): FakeEvent => ({
  id: message.getId()?.getString() ?? '',
  type: message.getMetadataMap().get('type') ?? '',
  data: message.getData_asU8(),
  metadata: message.getCustomMetadata_asU8(),
})

const expectedOf = (request: BatchAppendReq): FakeExpected => {
  const options = request.getOptions()
  if (options?.hasAny()) return 'any'
  if (options?.hasNoStream()) return 'no-stream'
  if (options?.hasStreamExists()) return 'stream-exists'
  return Number(options?.getStreamPosition())
}
