/** Asks the nodes of a cluster who leads, and a channel that does not stand why. */
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { ChannelCredentials } from '@grpc/grpc-js'
import type { Clock } from '../../platform/clock.ts'
import { messageOf } from '../../platform/errors.ts'
import type { Random } from '../../platform/random.ts'
import type { Endpoint } from './options.ts'
import type { Protocol } from './protocol.ts'

/** How long a node may take to say who leads. */
const GOSSIP_TIMEOUT_MS = 2_000

type Around = { readonly clock: Clock; readonly random: Random }

/** The node that leads, from the first that knows. Throws with the last node's failure if none does. */
export const findLeader = async (
  protocol: Protocol,
  credentials: ChannelCredentials,
  endpoints: readonly Endpoint[],
  { clock, random }: Around,
): Promise<Endpoint> => {
  const start = Math.floor(random.next() * endpoints.length)
  let failure: unknown = new Error('none of the nodes leads')
  for (const endpoint of [...endpoints.slice(start), ...endpoints.slice(0, start)]) {
    try {
      const leader = await askNode(protocol, credentials, endpoint, clock)
      if (leader) return leader
      failure = new Error(`${endpoint.host}:${endpoint.port} knows of no leader`)
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

const askNode = async (
  protocol: Protocol,
  credentials: ChannelCredentials,
  { host, port }: Endpoint,
  clock: Clock,
): Promise<Endpoint | undefined> => {
  const { grpc, shared, gossip, GossipClient } = protocol
  const client = new GossipClient(`${host}:${port}`, credentials, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_http_proxy': 0,
  })
  try {
    return await new Promise((resolve, reject) => {
      const deadline = clock.now() + GOSSIP_TIMEOUT_MS
      client.read(new shared.Empty(), new grpc.Metadata(), { deadline }, (error, info) => {
        if (error) return reject(error)
        const leader = info
          .getMembersList()
          .find(member => member.getIsAlive() && member.getState() === gossip.MemberInfo.VNodeState.LEADER)
          ?.getHttpEndPoint()
        return resolve(leader && { host: leader.getAddress(), port: leader.getPort() })
      })
    })
  } finally {
    client.close()
  }
}

/** Why the channel of `client` does not stand: a call fails with gRPC's reason, which its states do not tell. */
export const firstFailure = async (protocol: Protocol, client: StreamsClient): Promise<unknown> => {
  const { grpc, shared, GossipClient } = protocol
  const probe = new GossipClient('', grpc.credentials.createInsecure(), { channelOverride: client.getChannel() })
  return new Promise(resolve => {
    const deadline = new Date(Date.now() + GOSSIP_TIMEOUT_MS)
    probe.read(new shared.Empty(), new grpc.Metadata(), { deadline }, error =>
      resolve(error ?? new Error(messageOf('the connection was lost for a moment'))),
    )
  })
}
