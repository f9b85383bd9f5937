import type { FastifyInstance } from 'fastify'
import type { AgentContext, PartHealth } from '../context.ts'

export const HEALTH_PATH = '/v1/agent/health'
export const SELF_PATH = '/v1/agent/self'

const shown = (part: PartHealth | null) => (part === null ? undefined : { ok: part.isOk, message: part.message })

/** Whether the parts of this agent work: 200 when all do, else 503. */
export const registerHealth = (app: FastifyInstance, context: AgentContext): void => {
  app.get(HEALTH_PATH, (_request, reply) => {
    const { server, client } = context.health()
    const isOk = (server?.isOk ?? true) && (client?.isOk ?? true)
    return reply.code(isOk ? 200 : 503).send({ server: shown(server), client: shown(client) })
  })
}

/** Which agent answers: of a client that passes everything else on to a server, this is what is its own. */
export const registerSelf = (app: FastifyInstance, context: AgentContext): void => {
  app.get(SELF_PATH, (_request, reply) => reply.send(context.agent()))
}
