import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { type DocumentNode, Kind, OperationTypeNode } from 'graphql/index.js'
import mercurius from 'mercurius'
import { AppError, errorCatalogue } from '../platform/errors.ts'
import { uuidV4 } from '../platform/ids.ts'
import type { ApiContext } from './context.ts'
import { checkCost, shapeRule } from './graphql/document-rules.ts'
import { formatError, type WireErrors } from './graphql/error-format.ts'
import { MAX_BODY_BYTES, MAX_DOCUMENT_LENGTH, MAX_TOKENS } from './graphql/limits.ts'
import { createSchema } from './graphql/load-schema.ts'
import { newRequestContext } from './graphql/request-context.ts'
import { createResolvers } from './graphql/resolvers/index.ts'
import { createFrameSources } from './graphql/resolvers/subscription.ts'
import { scalars } from './graphql/scalars.ts'
import { registerEventStream } from './http/event-stream.ts'
import { registerHealth } from './http/health.ts'
import { registerNodeFiles } from './http/node-files.ts'
import { createStreamCounter } from './http/open-streams.ts'
import { refusalOf } from './http/own-requests.ts'
import { GRAPHQL_PATH, serveUpgrades } from './http/upgrades.ts'

/** How often a document is seen before its execution is compiled. */
const COMPILE_AFTER = 1

const hasSubscription = (document: DocumentNode): boolean =>
  document.definitions.some(
    each => each.kind === Kind.OPERATION_DEFINITION && each.operation === OperationTypeNode.SUBSCRIPTION,
  )

type GraphQlBody = {
  readonly query: string
  readonly variables: Record<string, unknown>
  readonly operationName: string | undefined
}

const invalid = (message: string): AppError => new AppError('REQUEST_INVALID', message)

const readBody = (body: unknown): GraphQlBody => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw invalid('the body is no GraphQL request')
  const { query, variables, operationName } = body as Readonly<Record<string, unknown>>
  if (typeof query !== 'string' || query === '') throw invalid('the body has no `query`')
  if (query.length > MAX_DOCUMENT_LENGTH) {
    const message = `the document has ${query.length} characters, the limit is ${MAX_DOCUMENT_LENGTH}`
    throw new AppError('REQUEST_TOO_LARGE', message, { hint: 'pass long texts as variables' })
  }
  // A document in any other form than GraphQL's own text would go round the count of tokens.
  if (/^\s*\{\s*"/.test(query)) throw invalid('the document is not GraphQL')
  const isRecord = typeof variables === 'object' && variables !== null && !Array.isArray(variables)
  return {
    query,
    variables: isRecord ? (variables as Record<string, unknown>) : {},
    operationName: typeof operationName === 'string' ? operationName : undefined,
  }
}

/** Fastify's own refusals (a body that is too large, or no JSON) in the words of the catalogue. */
const formatFailure = (error: unknown, context: ApiContext): WireErrors => {
  const options = { logger: context.logger, newId: () => uuidV4(context.random) }
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500
  const isFastify = error instanceof Error && 'code' in error && String(error.code).startsWith('FST_')
  if (isFastify && status === 413)
    return formatError(new AppError('REQUEST_TOO_LARGE', `the body is over ${MAX_BODY_BYTES} bytes`), options)
  if (isFastify && typeof status === 'number' && status < 500)
    return { ...formatError(invalid((error as FastifyError).message), options), status }
  return formatError(error, options)
}

const guard = (app: FastifyInstance, context: ApiContext): void => {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    const refusal = refusalOf(request.headers, context.hosts)
    if (refusal === null) return done()
    const hint = 'use the address that the agent listens on, or configure the name it is known by'
    done(new AppError('REQUEST_REFUSED', refusal, { hint }))
  })
}

const registerGraphQl = (app: FastifyInstance, context: ApiContext): void => {
  const schema = createSchema({ resolvers: createResolvers(context), scalars })
  const options = { logger: context.logger, newId: () => uuidV4(context.random) }
  void app.register(mercurius, {
    schema,
    jit: COMPILE_AFTER,
    routes: false,
    validationRules: [shapeRule],
    graphql: { parseOptions: { maxTokens: MAX_TOKENS } },
    errorFormatter: execution => {
      const { status, errors } = formatError(new AggregateError(execution.errors ?? []), options)
      const hasData = execution.data !== null && execution.data !== undefined
      return {
        statusCode: hasData ? 200 : status,
        response: { data: execution.data ?? null, errors: errors as never },
      }
    },
  })
  void app.after(() => {
    app.graphql.addHook('preExecution', (used, document, _context, variables) => {
      if (hasSubscription(document))
        throw invalid('a subscription comes over a WebSocket that speaks graphql-transport-ws')
      checkCost(used, document, variables ?? {})
    })
  })
  app.post(GRAPHQL_PATH, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const { query, variables, operationName } = readBody(request.body)
    const result = await reply.graphql(query, { ...newRequestContext(context.random) }, variables, operationName)
    return { ...result, extensions: { position: context.readModel.position() } }
  })
  const close = serveUpgrades(app.server, context, { context, schema, sources: createFrameSources(context) })
  app.addHook('preClose', done => {
    close()
    done()
  })
}

/**
 * The HTTP side of an agent: GraphQL with its subscriptions, and what GraphQL is wrong for (health, client agents' links,
 * logs, files, raw events). It does not listen: whoever builds it does, and closes it.
 */
export const buildServer = (context: ApiContext): FastifyInstance => {
  const app = fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true })
  guard(app, context)
  app.setErrorHandler((error, _request, reply) => {
    const { status, errors } = formatFailure(error, context)
    return reply.code(status).send({ data: null, errors })
  })
  app.setNotFoundHandler((request, reply) => {
    const message = `there is nothing at ${request.method} ${request.url.split('?')[0]}`
    return reply
      .code(errorCatalogue.NOT_FOUND.http)
      .send({ data: null, errors: [{ message, extensions: { code: 'NOT_FOUND' } }] })
  })
  const streams = createStreamCounter()
  registerGraphQl(app, context)
  registerHealth(app, context)
  registerNodeFiles(app, context, streams)
  registerEventStream(app, context, streams)
  return app
}
