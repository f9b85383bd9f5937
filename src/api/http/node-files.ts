import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '../../platform/errors.ts'
import type { LinkAnswer, LinkRequest } from '../../protocol/client-link.ts'
import type { ApiContext } from '../context.ts'
import type { StreamCounter } from './open-streams.ts'

/** Bytes that one read may ask for; a follower reads on without end. */
export const MAX_READ_BYTES = 1_000_000_000

type Query = Readonly<Record<string, string | undefined>>

const invalid = (message: string): AppError => new AppError('REQUEST_INVALID', message)

const numberOf = (query: Query, name: string, otherwise: number): number => {
  const text = query[name]
  if (text === undefined || text === '') return otherwise
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw invalid(`${name} is "${text}": a whole number from 0 is wanted`)
  return value
}

const isOn = (query: Query, name: string): boolean => query[name] === 'true' || query[name] === '1'

const oneOf = <T extends string>(query: Query, name: string, values: readonly T[]): T => {
  const text = query[name]
  const [first] = values
  if (first === undefined || (text !== undefined && !values.some(value => value === text)))
    throw invalid(`${name} is "${text}": one of ${values.join(', ')} is wanted`)
  return values.find(value => value === text) ?? first
}

const pathOf = (query: Query): string => query['path'] ?? '/'

/** What a path of the API asks of the node. */
const requests: Readonly<Record<string, (allocationId: string, query: Query) => LinkRequest>> = {
  logs: (allocationId, query) => ({
    kind: 'logs',
    allocationId,
    task: query['task'] ?? '',
    type: oneOf(query, 'type', ['stdout', 'stderr']),
    origin: oneOf(query, 'origin', ['start', 'end']),
    offset: numberOf(query, 'offset', 0),
    follows: isOn(query, 'follow'),
  }),
  'fs/ls': (allocationId, query) => ({ kind: 'list', allocationId, path: pathOf(query) }),
  'fs/stat': (allocationId, query) => ({ kind: 'stat', allocationId, path: pathOf(query) }),
  'fs/cat': (allocationId, query) => ({
    kind: 'read',
    allocationId,
    path: pathOf(query),
    origin: oneOf(query, 'origin', ['start', 'end']),
    offset: numberOf(query, 'offset', 0),
    limitBytes: Math.min(numberOf(query, 'limit', MAX_READ_BYTES), MAX_READ_BYTES),
    follows: isOn(query, 'follow'),
  }),
}

const refuse = (answer: Extract<LinkAnswer, { kind: 'error' }>): never => {
  throw new AppError(answer.code, answer.message)
}

/** The bytes of the pieces, the first one already read. A failure after it breaks the stream off. */
async function* bytesOf(first: LinkAnswer, rest: AsyncIterator<LinkAnswer>): AsyncGenerator<Buffer> {
  let answer: LinkAnswer | undefined = first
  while (answer !== undefined && answer.kind === 'data') {
    yield Buffer.from(answer.data, 'base64')
    const next: IteratorResult<LinkAnswer> = await rest.next()
    answer = next.done === true ? undefined : next.value
  }
  if (answer?.kind === 'error') refuse(answer)
}

/**
 * Sends what the node answers: an entry or entries as JSON, pieces as raw bytes. What a task wrote is never shown as a page
 * of this agent's: it is plain text to a browser, whatever the name of the file says.
 */
const answerWith = async (reply: FastifyReply, answers: AsyncIterator<LinkAnswer>): Promise<FastifyReply> => {
  const first = await answers.next()
  const answer: LinkAnswer = first.done === true ? { kind: 'end' } : first.value
  switch (answer.kind) {
    case 'entries':
      return reply.send(answer.entries)
    case 'entry':
      return reply.send(answer.entry)
    case 'stats':
    case 'node-stats':
      return reply.send(answer)
    case 'error':
      return refuse(answer)
    case 'end':
    case 'data':
      return reply
        .header('content-type', 'text/plain; charset=utf-8')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .send(Readable.from(bytesOf(answer, answers), { objectMode: false }))
  }
}

type Params = { readonly id: string }

/** Logs and files of allocations: raw bytes from the node that has them. */
export const registerNodeFiles = (app: FastifyInstance, context: ApiContext, streams: StreamCounter): void => {
  const handle = async (
    request: FastifyRequest<{ Params: Params; Querystring: Query }>,
    reply: FastifyReply,
    build: (allocationId: string, query: Query) => LinkRequest,
  ): Promise<FastifyReply> => {
    const { id } = request.params
    const allocation = context.readModel.views.allocations.get(id, 'now')
    if (allocation === null) throw new AppError('NOT_FOUND', `there is no allocation "${id}"`)
    const asked = build(allocation.id, request.query)
    const release = streams.take()
    const gone = new AbortController()
    reply.raw.once('close', () => {
      release()
      gone.abort()
    })
    const answers = context.askNode(allocation.nodeId, asked, gone.signal)[Symbol.asyncIterator]()
    return answerWith(reply, answers)
  }
  for (const [path, build] of Object.entries(requests)) {
    app.get<{ Params: Params; Querystring: Query }>(`/v1/allocation/:id/${path}`, (request, reply) =>
      handle(request, reply, build),
    )
  }
}
