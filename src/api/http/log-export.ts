import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { ApiContext } from '../context.ts'
import { EXPORT_STALL_MS, MAX_OPEN_EXPORTS } from '../graphql/limits.ts'
import { createStreamCounter } from './open-streams.ts'

/**
 * The whole log as a file (src/logfile), up to its head at the time of the call. It is read as fast as the reader takes it;
 * one that takes nothing for `stallMs` is hung up on, so that it keeps nobody else's place.
 */
export const registerLogExport = (
  app: FastifyInstance,
  context: Pick<ApiContext, 'exportLog'>,
  stallMs = EXPORT_STALL_MS,
): void => {
  const exports = createStreamCounter(MAX_OPEN_EXPORTS)
  app.get('/v1/operator/log', (_request, reply) => {
    const release = exports.take()
    const gone = new AbortController()
    reply.raw.once('close', () => {
      release()
      gone.abort()
    })
    reply.raw.setTimeout(stallMs, () => reply.raw.destroy())
    return reply
      .header('content-type', 'application/x-ndjson')
      .send(Readable.from(context.exportLog(gone.signal), { objectMode: false }))
  })
}
