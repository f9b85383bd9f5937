import type { FastifyInstance } from 'fastify'
import type { AgentContext } from '../context.ts'
import { invalidRequest } from '../http-app.ts'
import { PROMETHEUS_TYPE, renderPrometheus, renderSummary } from './metrics-text.ts'

export const METRICS_PATH = '/v1/metrics'

/** What this agent measures of itself, for Prometheus to fetch or as JSON. */
export const registerMetrics = (app: FastifyInstance, context: AgentContext): void => {
  app.get<{ Querystring: { readonly format?: string } }>(METRICS_PATH, (request, reply) => {
    const { format } = request.query
    if (format === 'prometheus') return reply.type(PROMETHEUS_TYPE).send(renderPrometheus(context.metrics().metrics))
    if (format !== undefined) throw invalidRequest(`there is no format "${format}" of metrics`)
    return reply.send(renderSummary(context.metrics()))
  })
}
