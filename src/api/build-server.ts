import type { FastifyInstance } from 'fastify'
import { type DocumentNode, Kind, OperationTypeNode } from 'graphql/index.js'
import mercurius from 'mercurius'
import { AppError } from '../platform/errors.ts'
import { uuidV4 } from '../platform/ids.ts'
import type { ApiContext } from './context.ts'
import { checkCost, shapeRule } from './graphql/document-rules.ts'
import { formatError } from './graphql/error-format.ts'
import { MAX_BODY_BYTES, MAX_DOCUMENT_LENGTH, MAX_OPEN_STREAMS, MAX_TOKENS } from './graphql/limits.ts'
import { createSchema } from './graphql/load-schema.ts'
import { newRequestContext } from './graphql/request-context.ts'
import { createResolvers } from './graphql/resolvers/index.ts'
import { createFrameSources } from './graphql/resolvers/subscription.ts'
import { scalars } from './graphql/scalars.ts'
import { registerHealth, registerSelf } from './http/agent.ts'
import { registerEventStream } from './http/event-stream.ts'
import { registerLogExport } from './http/log-export.ts'
import { registerMetrics } from './http/metrics.ts'
import { registerNodeFiles } from './http/node-files.ts'
import { createStreamCounter } from './http/open-streams.ts'
import { GRAPHQL_PATH, serveUpgrades } from './http/upgrades.ts'
import { createHttpApp, invalidRequest } from './http-app.ts'

/** On answers that may be old: why, as a word; the body's extensions say more. */
const STALE_HEADER = 'x-muster-stale'
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

const readBody = (body: unknown): GraphQlBody => {
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw invalidRequest('the body is no GraphQL request')
  const { query, variables, operationName } = body as Readonly<Record<string, unknown>>
  if (typeof query !== 'string' || query === '') throw invalidRequest('the body has no `query`')
  if (query.length > MAX_DOCUMENT_LENGTH) {
    const message = `the document has ${query.length} characters, the limit is ${MAX_DOCUMENT_LENGTH}`
    throw new AppError('REQUEST_TOO_LARGE', message, { hint: 'pass long texts as variables' })
  }
  // A document in any other form than GraphQL's own text would go round the count of tokens.
  if (/^\s*\{\s*"/.test(query)) throw invalidRequest('the document is not GraphQL')
  const isRecord = typeof variables === 'object' && variables !== null && !Array.isArray(variables)
  return {
    query,
    variables: isRecord ? (variables as Record<string, unknown>) : {},
    operationName: typeof operationName === 'string' ? operationName : undefined,
  }
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
        throw invalidRequest('a subscription comes over a WebSocket that speaks graphql-transport-ws')
      checkCost(used, document, variables ?? {})
    })
  })
  app.post(GRAPHQL_PATH, { bodyLimit: MAX_BODY_BYTES }, async (request, reply) => {
    const { query, variables, operationName } = readBody(request.body)
    const result = await reply.graphql(query, { ...newRequestContext(context.random) }, variables, operationName)
    const stale = context.staleness()
    if (stale !== null) void reply.header(STALE_HEADER, stale.kind)
    const position = context.readModel.position()
    return { ...result, extensions: stale === null ? { position } : { position, stale } }
  })
  const close = serveUpgrades(app.server, context, { context, schema, sources: createFrameSources(context) })
  app.addHook('preClose', done => {
    close()
    done()
  })
}

/**
 * The HTTP side of an agent: GraphQL with its subscriptions, and what GraphQL is wrong for (health, metrics, client agents' links,
 * logs, files, raw events). It does not listen: whoever builds it does, and closes it.
 */
export const buildServer = (context: ApiContext): FastifyInstance => {
  const app = createHttpApp(context)
  const streams = createStreamCounter(MAX_OPEN_STREAMS)
  registerGraphQl(app, context)
  registerHealth(app, context)
  registerSelf(app, context)
  registerMetrics(app, context)
  registerNodeFiles(app, context, streams)
  registerEventStream(app, context, streams)
  registerLogExport(app, context)
  return app
}
