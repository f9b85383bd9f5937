/**
 * The way to the server: one gRPC channel at a time, to the one endpoint or to the node that leads. gRPC reconnects a
 * broken channel by itself; after a change of leader, or when a node of a cluster is gone, a new one is made. Each store
 * has a channel of its own, so that no store's failure is another's.
 */
import type { StreamsClient } from '@eventstore/db-client/generated/streams_grpc_pb.js'
import type { ChannelCredentials, ClientOptions, Metadata } from '@grpc/grpc-js'
import type { Clock } from '../../platform/clock.ts'
import { sleep } from '../../platform/clock.ts'
import { AppError } from '../../platform/errors.ts'
import type { Random } from '../../platform/random.ts'
import { findLeader, firstFailure } from './leader.ts'
import type { Endpoint, Settings } from './options.ts'
import type { Protocol } from './protocol.ts'
import { type Trouble, troubleOf, unavailable } from './trouble.ts'

export type Connection = {
  /** What messages call the server. */
  readonly server: string
  /** A client whose channel stands. Throws STORE_UNAVAILABLE with `attempted` after `timeoutMs`, sooner what no waiting mends. */
  readonly ready: (attempted: string, timeoutMs: number) => Promise<StreamsClient>
  /** Why the last attempt to connect failed. */
  readonly reason: () => string
  /** The headers of one call. */
  readonly headers: () => Metadata
  /** Says that a call through `client` failed: where to ask next follows from it. */
  readonly failed: (client: StreamsClient, trouble: Trouble) => void
  readonly close: () => void
}

type Current = { readonly client: StreamsClient; readonly isConfigured: boolean }

/** How long gRPC waits before it dials a server again that could not be reached: at first, and at the most. */
const FIRST_REDIAL_MS = 200
const LAST_REDIAL_MS = 2_000
/** A silent connection is asked for a sign of life after this time, and given up after the next. */
const KEEP_ALIVE_MS = 10_000
const KEEP_ALIVE_TIMEOUT_MS = 5_000
/** EventStoreDB keeps events of up to 16 MiB. */
const MAX_MESSAGE_BYTES = 17 * 1_048_576
/** How long nobody looks again at a channel that does not stand yet. */
const LOOK_AGAIN_MS = 250

const channelOptions: ClientOptions = {
  'grpc.initial_reconnect_backoff_ms': FIRST_REDIAL_MS,
  'grpc.max_reconnect_backoff_ms': LAST_REDIAL_MS,
  'grpc.keepalive_time_ms': KEEP_ALIVE_MS,
  'grpc.keepalive_timeout_ms': KEEP_ALIVE_TIMEOUT_MS,
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_http_proxy': 0,
}

export const addressOf = ({ host, port }: Endpoint): string => `${host}:${port}`

export const createConnection = (protocol: Protocol, settings: Settings, clock: Clock, random: Random): Connection => {
  const server = `EventStoreDB at ${settings.endpoints.map(addressOf).join(', ')}`
  const credentials = channelCredentials(protocol, settings)
  let current: Current | undefined
  let locating: Promise<Current> | undefined
  let redirect: Endpoint | undefined
  let reason = 'it cannot be reached'
  let isClosed = false

  const locate = async (): Promise<Current> => {
    const leader = redirect
    redirect = undefined
    const [configured] = settings.endpoints
    const endpoint =
      leader ??
      (settings.discovers ? await findLeader(protocol, credentials, settings.endpoints, { clock, random }) : configured)
    if (!endpoint) throw new Error('invariant broken: there is at least one endpoint')
    return {
      client: new protocol.StreamsClient(addressOf(endpoint), credentials, channelOptions),
      isConfigured: endpoint === configured,
    }
  }

  const connected = async (): Promise<Current> => {
    if (current) return current
    locating ??= locate().finally(() => {
      locating = undefined
    })
    const located = await locating
    if (isClosed) located.client.close()
    else current = located
    return located
  }

  const drop = (): void => {
    current?.client.close()
    current = undefined
  }

  const failed = (client: StreamsClient, trouble: Trouble): void => {
    if (current?.client !== client) return
    if (trouble.kind === 'moved') redirect = trouble.leader
    if (trouble.kind === 'moved' || settings.discovers || !current.isConfigured) drop()
  }

  const ready = async (attempted: string, timeoutMs: number): Promise<StreamsClient> => {
    const deadline = clock.monotonicMs() + timeoutMs
    let cause: unknown
    for (;;) {
      const attempt = await tryOnce().catch((error: unknown) => troubleOf(error, server))
      if (!('kind' in attempt)) return attempt
      if (attempt.kind === 'refused') throw attempt.error
      if (attempt.kind === 'lost') ({ reason, cause } = attempt)
      if (isClosed || clock.monotonicMs() >= deadline) throw unavailable(attempted, server, reason, cause)
      await sleep(clock, LOOK_AGAIN_MS)
    }
  }

  const tryOnce = async (): Promise<StreamsClient | Trouble> => {
    const { client } = await connected()
    const { READY, TRANSIENT_FAILURE } = protocol.grpc.connectivityState
    const channel = client.getChannel()
    for (;;) {
      const state = channel.getConnectivityState(true)
      if (state === READY) return client
      if (state === TRANSIENT_FAILURE) break
      const isChanged = await new Promise<boolean>(resolve => {
        channel.watchConnectivityState(state, clock.now() + LOOK_AGAIN_MS, error => resolve(!error))
      })
      if (!isChanged) return { kind: 'lost', reason: 'no connection yet', cause: undefined }
    }
    const trouble = troubleOf(await firstFailure(protocol, client), server)
    failed(client, trouble)
    return trouble
  }

  const headers = (): Metadata => {
    const metadata = new protocol.grpc.Metadata()
    metadata.set('requires-leader', 'true')
    metadata.set('connection-name', 'muster')
    const known = settings.credentials
    if (known && settings.tls) {
      const secret = Buffer.from(`${known.username}:${known.password}`).toString('base64')
      metadata.set('authorization', `Basic ${secret}`)
    }
    return metadata
  }

  return {
    server,
    ready: (attempted, timeoutMs) => {
      const client = current?.client
      const isReady = client?.getChannel().getConnectivityState(false) === protocol.grpc.connectivityState.READY
      return client && isReady ? Promise.resolve(client) : ready(attempted, timeoutMs)
    },
    reason: () => reason,
    headers,
    failed,
    close: () => {
      isClosed = true
      drop()
    },
  }
}

const channelCredentials = ({ grpc }: Protocol, { tls }: Settings): ChannelCredentials => {
  if (!tls) return grpc.credentials.createInsecure()
  try {
    return grpc.credentials.createSsl(tls.ca, tls.identity?.key ?? null, tls.identity?.certificate ?? null, {
      rejectUnauthorized: tls.verifies,
    })
  } catch (error) {
    throw new AppError('CONFIG_INVALID', "the event store's certificates or key are not PEM", {
      hint: 'Give PEM files, a key without a passphrase.',
      cause: error,
    })
  }
}
