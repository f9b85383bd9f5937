import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import { AppError } from '../../platform/errors.ts'
import type { ApiContext } from '../context.ts'
import { passes } from '../graphql/resolvers/event.ts'
import type { StreamCounter } from './open-streams.ts'

/** Events in one line's worth of writing: a reader that is behind holds the reading up, so no more than this waits for it. */
const MAX_EVENTS_PER_WRITE = 256

type Query = { readonly after?: string; readonly types?: string; readonly stream?: string }

const positionOf = (text: string | undefined): number | null => {
  if (text === undefined || text === '') return null
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= -1) return value
  throw new AppError('REQUEST_INVALID', `after is "${text}": a position is wanted, or -1 for the beginning`)
}

/** Every event is a line of JSON; an empty line tells that everything up to now was sent. */
async function* linesOf(context: ApiContext, after: number, query: Query, signal: AbortSignal): AsyncGenerator<string> {
  const filter = { stream: query.stream ?? null, types: query.types === undefined ? null : query.types.split(',') }
  for await (const item of context.feed(after, signal)) {
    if (item.kind === 'caught-up') {
      yield '\n'
      continue
    }
    const events = item.events.filter(event => passes(filter, event))
    for (let from = 0; from < events.length; from += MAX_EVENTS_PER_WRITE) {
      yield events
        .slice(from, from + MAX_EVENTS_PER_WRITE)
        .map(event => `${JSON.stringify(event)}\n`)
        .join('')
    }
  }
}

/** Raw events as NDJSON, from a position on: without `after` from now on. */
export const registerEventStream = (app: FastifyInstance, context: ApiContext, streams: StreamCounter): void => {
  app.get<{ Querystring: Query }>('/v1/events', (request, reply) => {
    const after = positionOf(request.query.after) ?? context.readModel.position()
    const release = streams.take()
    const gone = new AbortController()
    reply.raw.once('close', () => {
      release()
      gone.abort()
    })
    return reply
      .header('content-type', 'application/x-ndjson')
      .send(Readable.from(linesOf(context, after, request.query, gone.signal), { objectMode: false }))
  })
}
