import type { FastifyInstance } from 'fastify'
import type { ApiContext, PartHealth } from '../context.ts'

const shown = (part: PartHealth | null) => (part === null ? undefined : { ok: part.isOk, message: part.message })

/** Whether the parts of this agent work: 200 when all do, else 503. */
export const registerHealth = (app: FastifyInstance, context: ApiContext): void => {
  app.get('/v1/agent/health', (_request, reply) => {
    const { server, client } = context.health()
    const isOk = (server?.isOk ?? true) && (client?.isOk ?? true)
    return reply.code(isOk ? 200 : 503).send({ server: shown(server), client: shown(client) })
  })
}
