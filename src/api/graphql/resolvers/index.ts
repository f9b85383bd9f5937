import type { ApiContext } from '../../context.ts'
import type { Resolvers } from '../load-schema.ts'
import { agentResolvers } from './agent.ts'
import { allocationResolvers } from './allocation.ts'
import { deploymentResolvers } from './deployment.ts'
import { evaluationResolvers } from './evaluation.ts'
import { eventResolvers } from './event.ts'
import { jobResolvers } from './job.ts'
import { mutationResolvers } from './mutation.ts'
import { nodeResolvers } from './node.ts'
import { serviceResolvers } from './service.ts'
import { subscriptionResolvers } from './subscription.ts'

/** Every noun's functions, those of one type put together. */
export const createResolvers = (context: ApiContext): Resolvers => {
  const parts = [
    jobResolvers(context),
    allocationResolvers(context),
    evaluationResolvers(context),
    deploymentResolvers(context),
    nodeResolvers(context),
    serviceResolvers(context),
    agentResolvers(context),
    eventResolvers(context),
    mutationResolvers(context),
    subscriptionResolvers(context),
  ]
  const types = new Set(parts.flatMap(part => Object.keys(part)))
  return Object.fromEntries([...types].map(type => [type, Object.assign({}, ...parts.map(part => part[type] ?? {}))]))
}
