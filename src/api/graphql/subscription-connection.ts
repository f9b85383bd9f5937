import { execute, type GraphQLSchema } from 'graphql/index.js'
import type { WebSocket } from 'ws'
import { isAppError } from '../../platform/errors.ts'
import { uuidV4 } from '../../platform/ids.ts'
import type { ApiContext } from '../context.ts'
import { formatError } from './error-format.ts'
import { CONNECTION_INIT_MS, MAX_SUBSCRIPTIONS_PER_SOCKET } from './limits.ts'
import { newRequestContext, type RequestContext } from './request-context.ts'
import type { createFrameSources, Frame, FrameSource } from './resolvers/subscription.ts'
import { createOutlet, type Outlet } from './subscriber.ts'
import { type PreparedSubscription, prepareSubscription } from './subscription-document.ts'

/** The sub-protocol of GraphQL over WebSocket that is spoken: `graphql-transport-ws`. */
export const SUBSCRIPTION_PROTOCOL = 'graphql-transport-ws'

/** Why a connection is ended, in the protocol's own numbers. */
const closeCodes = {
  badMessage: 4400,
  unauthorized: 4401,
  initTimeout: 4408,
  idInUse: 4409,
  initRepeated: 4429,
} as const

export type SubscriptionServer = {
  readonly context: ApiContext
  readonly schema: GraphQLSchema
  readonly sources: ReturnType<typeof createFrameSources>
}

type ClientMessage = { readonly type: string; readonly id: string; readonly payload: Readonly<Record<string, unknown>> }

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const readMessage = (text: string): ClientMessage | null => {
  try {
    const value: unknown = JSON.parse(text)
    if (!isRecord(value) || typeof value['type'] !== 'string') return null
    const { id, payload } = value
    return { type: value['type'], id: typeof id === 'string' ? id : '', payload: isRecord(payload) ? payload : {} }
  } catch {
    return null
  }
}

/** Frames of one subscription until it ends; each is resolved against the selection as a query would be. */
const run = async (
  server: SubscriptionServer,
  prepared: PreparedSubscription,
  subscriber: {
    readonly id: string
    readonly outlet: Outlet
    readonly request: RequestContext
    readonly signal: AbortSignal
  },
): Promise<void> => {
  const { id, outlet, request, signal } = subscriber
  const source = sourceOf(server, prepared)
  let resumeAfter: number | null = null
  try {
    for await (const frame of source(signal)) {
      await outlet.room(signal)
      if (signal.aborted) return
      outlet.push(
        JSON.stringify({ id, type: 'next', payload: await resolveFrame(server, prepared, frame, request) }),
        frame.count,
      )
      resumeAfter = frame.position
    }
  } catch (error) {
    throw new SubscriptionFailure(error, resumeAfter)
  }
}

/** Carries where to go on from beside what went wrong. */
class SubscriptionFailure extends Error {
  readonly resumeAfter: number | null
  constructor(cause: unknown, resumeAfter: number | null) {
    super('a subscription failed', { cause })
    this.resumeAfter = resumeAfter
  }
}

const sourceOf = ({ sources }: SubscriptionServer, { field, args }: PreparedSubscription): FrameSource => {
  // The arguments were checked against the schema, which states the same shapes as the sources.
  const create = sources[field as keyof typeof sources] as (args: Readonly<Record<string, unknown>>) => FrameSource
  return create(args)
}

const resolveFrame = async (
  { schema, context }: SubscriptionServer,
  { document, variables }: PreparedSubscription,
  frame: Frame<object>,
  request: RequestContext,
): Promise<object> => {
  const result = await execute({
    schema,
    document,
    rootValue: frame.payload,
    variableValues: variables,
    contextValue: request,
  })
  if (result.errors === undefined) return result
  return { data: result.data, errors: formatError(new AggregateError(result.errors), optionsOf(context)).errors }
}

const optionsOf = ({ logger, random }: ApiContext) => ({ logger, newId: () => uuidV4(random) })

const errorsOf = (context: ApiContext, failure: unknown): readonly object[] => {
  const isFailure = failure instanceof SubscriptionFailure
  const { errors } = formatError(isFailure ? failure.cause : failure, optionsOf(context))
  const resumeAfter = isFailure ? failure.resumeAfter : null
  if (resumeAfter === null) return errors
  return errors.map(error => ({ ...error, extensions: { ...error.extensions, resumeAfter } }))
}

/** Serves one connection until it closes. */
export const serveSubscriptions = (server: SubscriptionServer, socket: WebSocket): void => {
  const { context } = server
  const running = new Map<string, AbortController>()
  const outlet = createOutlet(context.clock, (text, taken) => socket.send(text, taken))
  const say = (message: object): void => socket.send(JSON.stringify(message))
  let isInitialised = false

  const fail = (id: string, failure: unknown): void => say({ id, type: 'error', payload: errorsOf(context, failure) })

  const start = async (id: string, payload: ClientMessage['payload']): Promise<void> => {
    const stop = new AbortController()
    running.set(id, stop)
    try {
      const prepared = prepareSubscription(server.schema, {
        query: typeof payload['query'] === 'string' ? payload['query'] : '',
        variables: isRecord(payload['variables']) ? payload['variables'] : {},
        operationName: typeof payload['operationName'] === 'string' ? payload['operationName'] : null,
      })
      await run(server, prepared, { id, outlet, request: newRequestContext(context.random), signal: stop.signal })
      if (!stop.signal.aborted) say({ id, type: 'complete' })
    } catch (failure) {
      if (!stop.signal.aborted) fail(id, failure)
      if (isOverloaded(failure)) socket.close(1013, 'the connection takes nothing')
    } finally {
      if (running.get(id) === stop) running.delete(id)
    }
  }

  const subscribe = (message: ClientMessage): void => {
    if (!isInitialised) return socket.close(closeCodes.unauthorized, 'Unauthorized')
    if (message.id === '' || running.has(message.id))
      return socket.close(closeCodes.idInUse, `Subscriber for ${message.id} already exists`)
    if (running.size >= MAX_SUBSCRIPTIONS_PER_SOCKET) {
      const text = `${MAX_SUBSCRIPTIONS_PER_SOCKET} subscriptions run on this connection, which is the limit`
      return say({ id: message.id, type: 'error', payload: [{ message: text, extensions: { code: 'OVERLOADED' } }] })
    }
    void start(message.id, message.payload)
  }

  const receive = (message: ClientMessage): void => {
    switch (message.type) {
      case 'connection_init':
        if (isInitialised) return socket.close(closeCodes.initRepeated, 'Too many initialisation requests')
        isInitialised = true
        return say({ type: 'connection_ack' })
      case 'ping':
        return say({ type: 'pong' })
      case 'pong':
        return
      case 'subscribe':
        return subscribe(message)
      case 'complete':
        running.get(message.id)?.abort()
        running.delete(message.id)
        return
      default:
        return socket.close(closeCodes.badMessage, 'Invalid message')
    }
  }

  const cancelInit = context.clock.after(CONNECTION_INIT_MS, () => {
    if (!isInitialised) socket.close(closeCodes.initTimeout, 'Connection initialisation timeout')
  })
  socket.on('message', (data: Buffer) => {
    const message = readMessage(data.toString())
    if (message === null) socket.close(closeCodes.badMessage, 'Invalid message')
    else receive(message)
  })
  socket.on('error', error => context.logger.debug({ message: error.message }, 'subscription connection failed'))
  socket.on('close', () => {
    cancelInit()
    for (const stop of running.values()) stop.abort()
  })
}

const isOverloaded = (failure: unknown): boolean => {
  const cause = failure instanceof SubscriptionFailure ? failure.cause : failure
  return isAppError(cause) && cause.code === 'OVERLOADED'
}
