/** The fake's records and answers as messages of the protocol, made with the official client's generated classes. */
import { createRequire } from 'node:module'
import type * as GossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import type * as GossipMessages from '@eventstore/db-client/generated/gossip_pb.js'
import type * as FeaturesService from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js'
import type * as FeaturesMessages from '@eventstore/db-client/generated/serverfeatures_pb.js'
import type * as SharedMessages from '@eventstore/db-client/generated/shared_pb.js'
import type * as StatusMessages from '@eventstore/db-client/generated/status_pb.js'
import type * as StreamsService from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type * as StreamsMessages from '@eventstore/db-client/generated/streams_pb.js'
import { Metadata, status } from '@grpc/grpc-js'
import type * as AnyMessages from 'google-protobuf/google/protobuf/any_pb.js'
import type { FakeDecision, FakeRecord } from './log.ts'
import { FAKE_MAX_APPEND_BYTES } from './log.ts'

// The generated files are CommonJS of a kind that Node's import cannot read names from.
const load = createRequire(import.meta.url)
const generated = (name: string): unknown => load(`@eventstore/db-client/generated/${name}.js`)
export const shared = generated('shared_pb') as typeof SharedMessages
export const streams = generated('streams_pb') as typeof StreamsMessages
export const gossip = generated('gossip_pb') as typeof GossipMessages
export const features = generated('serverfeatures_pb') as typeof FeaturesMessages
const statuses = generated('status_pb') as typeof StatusMessages
export const { StreamsService: streamsService } = generated('streams_grpc_pb') as typeof StreamsService
export const { GossipService: gossipService } = generated('gossip_grpc_pb') as typeof GossipService
export const { ServerFeaturesService: featuresService } = generated('serverfeatures_grpc_pb') as typeof FeaturesService
const { Any } = load('google-protobuf/google/protobuf/any_pb.js') as typeof AnyMessages

export type CallFailure = { readonly code: status; readonly details: string; readonly metadata?: Metadata }

const exception = (name: string, more: Readonly<Record<string, string>> = {}): Metadata => {
  const metadata = new Metadata()
  metadata.set('exception', name)
  for (const [key, value] of Object.entries(more)) metadata.set(key, value)
  return metadata
}

export const failures = {
  cut: { code: status.UNAVAILABLE, details: 'read ECONNRESET' },
  notReady: { code: status.UNAVAILABLE, details: 'Server Is Not Ready' },
  denied: { code: status.PERMISSION_DENIED, details: 'Access Denied', metadata: exception('access-denied') },
  unauthenticated: { code: status.UNAUTHENTICATED, details: '' },
  tooSlow: {
    code: status.ABORTED,
    details: 'Operation timed out: Consumer too slow to handle event while live. Client resubscription required.',
  },
  moved: (host: string, port: number): CallFailure => ({
    code: status.NOT_FOUND,
    details: 'Leader info available',
    metadata: exception('not-leader', { 'leader-endpoint-host': host, 'leader-endpoint-port': String(port) }),
  }),
} as const

export const eventResponse = (record: FakeRecord): StreamsMessages.ReadResp => {
  const event = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(new shared.UUID().setString(record.id))
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(record.stream)))
    .setStreamRevision(String(record.revision))
    .setCommitPosition(String(record.position))
    .setPreparePosition(String(record.position))
    .setData(record.data)
    .setCustomMetadata(record.metadata)
  event.getMetadataMap().set('type', record.type).set('content-type', 'application/json').set('created', '0')
  const read = new streams.ReadResp.ReadEvent().setEvent(event).setCommitPosition(String(record.position))
  return new streams.ReadResp().setEvent(read)
}

export const checkpointResponse = (position: number): StreamsMessages.ReadResp =>
  new streams.ReadResp().setCheckpoint(
    new streams.ReadResp.Checkpoint().setCommitPosition(String(position)).setPreparePosition(String(position)),
  )

/** A reply to an append of a batch; `error` is a message that goes with no details. */
export const batchResponse = (
  id: SharedMessages.UUID | undefined,
  stream: string,
  answer:
    | FakeDecision
    | { readonly kind: 'denied' | 'timeout' | 'not-ready' | 'no-position'; readonly revision?: number },
): StreamsMessages.BatchAppendResp => {
  const response = new streams.BatchAppendResp()
    .setCorrelationId(id)
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)))
  const failed = (message: string, name: string, details?: { readonly serializeBinary: () => Uint8Array }) => {
    const any = new Any()
    any.pack(details?.serializeBinary() ?? new Uint8Array(), name)
    return response.setError(new statuses.Status().setMessage(message).setDetails(any))
  }
  const Success = streams.BatchAppendResp.Success
  switch (answer.kind) {
    case 'written':
    case 'repeated': {
      const position = String(answer.last.position)
      const all = new shared.AllStreamPosition().setCommitPosition(position).setPreparePosition(position)
      return response.setSuccess(new Success().setCurrentRevision(String(answer.last.revision)).setPosition(all))
    }
    case 'no-position':
      return response.setSuccess(
        new Success().setCurrentRevision(String(answer.revision)).setNoPosition(new shared.Empty()),
      )
    case 'wrong-version': {
      const wrong = new shared.WrongExpectedVersion()
      if (answer.actual === 'no-stream') wrong.setCurrentNoStream(new shared.Empty())
      else wrong.setCurrentStreamRevision(String(answer.actual))
      return failed('WrongExpectedVersion', 'event_store.client.WrongExpectedVersion', wrong)
    }
    case 'too-large':
      return failed(
        'MaximumAppendSizeExceeded',
        'event_store.client.MaximumAppendSizeExceeded',
        new shared.MaximumAppendSizeExceeded().setMaxappendsize(FAKE_MAX_APPEND_BYTES),
      )
    case 'deleted':
      return failed('StreamDeleted', 'event_store.client.StreamDeleted', new shared.StreamDeleted())
    case 'denied':
      return failed('AccessDenied', 'event_store.client.AccessDenied', new shared.AccessDenied())
    case 'timeout':
      return failed('Timeout', 'event_store.client.Timeout', new shared.Timeout())
    case 'not-ready':
      return failed('Server Is Not Ready', 'google.protobuf.Empty')
  }
}
