import type { Logger } from '../../platform/logger.ts'
import { childLauncher, reverter } from './child-launcher.ts'
import { createDeploymentWatcher } from './deployment-watcher.ts'
import { createEvaluationBroker } from './evaluation-broker.ts'
import { failureWatcher } from './failure-watcher.ts'
import { type CollectionRules, createGarbageCollector } from './garbage-collector.ts'
import { createHeartbeatWatcher } from './heartbeat-watcher.ts'
import type { Liveness } from './liveness.ts'
import { createPeriodicDispatcher } from './periodic-dispatcher.ts'
import type { Reactor } from './reactor.ts'
import { createUnblocker } from './unblocker.ts'

/** The leader's reactors, in the order in which they add to a batch. The broker comes last: it fills what room is left. */
export const createReactors = (
  liveness: Liveness,
  logger: Logger,
  collection?: CollectionRules,
): readonly Reactor[] => [
  createHeartbeatWatcher(liveness),
  failureWatcher,
  createDeploymentWatcher(),
  createPeriodicDispatcher(),
  createUnblocker(logger),
  childLauncher,
  reverter,
  createGarbageCollector(collection),
  createEvaluationBroker(logger),
]
