import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import { AppError, errorCatalogue } from '../platform/errors.ts'
import { uuidV4 } from '../platform/ids.ts'
import type { Logger } from '../platform/logger.ts'
import type { Random } from '../platform/random.ts'
import { formatError, type WireErrors } from './graphql/error-format.ts'
import { MAX_BODY_BYTES, RETRY_AFTER_S } from './graphql/limits.ts'
import { refusalOf } from './http/own-requests.ts'

export type HttpAppContext = {
  readonly logger: Logger
  readonly random: Random
  /**
   * Host names (without port) that this agent is known by, beside `localhost` and loopback addresses: a request for another
   * one is refused, so that no web page can reach it under a name of its own (DNS rebinding).
   */
  readonly hosts: readonly string[]
}

const UNAVAILABLE = 503

export const invalidRequest = (message: string): AppError => new AppError('REQUEST_INVALID', message)

/** Fastify's own refusals (a body that is too large, or no JSON) in the words of the catalogue. */
const formatFailure = (error: unknown, context: HttpAppContext): WireErrors => {
  const options = { logger: context.logger, newId: () => uuidV4(context.random) }
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500
  const isFastify = error instanceof Error && 'code' in error && String(error.code).startsWith('FST_')
  if (isFastify && status === 413)
    return formatError(new AppError('REQUEST_TOO_LARGE', `the body is over ${MAX_BODY_BYTES} bytes`), options)
  if (isFastify && typeof status === 'number' && status < 500)
    return { ...formatError(invalidRequest((error as FastifyError).message), options), status }
  return formatError(error, options)
}

const guard = (app: FastifyInstance, context: HttpAppContext): void => {
  app.addHook('onRequest', (request, reply, done) => {
    void reply.headers({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' })
    const refusal = refusalOf(request.headers, context.hosts)
    if (refusal === null) return done()
    const hint = 'use the address that the agent listens on, or name the one it is known by in advertise { http }'
    done(new AppError('REQUEST_REFUSED', refusal, { hint }))
  })
}

/** One that was passed on says itself when to come again. */
const sayWhenToRetry = (app: FastifyInstance): void => {
  app.addHook('onSend', (_request, reply, payload, done) => {
    if (reply.statusCode === UNAVAILABLE && !reply.hasHeader('retry-after'))
      void reply.header('retry-after', RETRY_AFTER_S)
    done(null, payload)
  })
}

/**
 * What every agent's HTTP side has: the guard against other sites, failures in the words of the catalogue, and when to come
 * again on every 503.
 */
export const createHttpApp = (context: HttpAppContext): FastifyInstance => {
  const app = fastify({ logger: false, bodyLimit: MAX_BODY_BYTES, forceCloseConnections: true })
  guard(app, context)
  sayWhenToRetry(app)
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
  return app
}
