/**
 * The wire protocol: gRPC and the messages that the official client was generated with. They are loaded when the first
 * EventStoreDB is opened and not before, since most agents never need them. The official client itself is not used: its
 * appends may never settle and its clients share their failures (docs/eventstore.md).
 */
import { createRequire } from 'node:module'
import type * as GossipService from '@eventstore/db-client/generated/gossip_grpc_pb.js'
import type * as GossipMessages from '@eventstore/db-client/generated/gossip_pb.js'
import type * as SharedMessages from '@eventstore/db-client/generated/shared_pb.js'
import type * as StreamsService from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type * as StreamsMessages from '@eventstore/db-client/generated/streams_pb.js'
import type * as Grpc from '@grpc/grpc-js'

export type Protocol = {
  readonly grpc: typeof Grpc
  readonly streams: typeof StreamsMessages
  readonly shared: typeof SharedMessages
  readonly gossip: typeof GossipMessages
  readonly StreamsClient: typeof StreamsService.StreamsClient
  readonly GossipClient: typeof GossipService.GossipClient
}

export const loadProtocol = (): Protocol => {
  const load = createRequire(import.meta.url)
  const generated = (name: string): unknown => load(`@eventstore/db-client/generated/${name}.js`)
  return {
    grpc: load('@grpc/grpc-js') as typeof Grpc,
    streams: generated('streams_pb') as typeof StreamsMessages,
    shared: generated('shared_pb') as typeof SharedMessages,
    gossip: generated('gossip_pb') as typeof GossipMessages,
    StreamsClient: (generated('streams_grpc_pb') as typeof StreamsService).StreamsClient,
    GossipClient: (generated('gossip_grpc_pb') as typeof GossipService).GossipClient,
  }
}
