import type { CommandContext } from '../command.ts'
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_NOT_PLACED, EXIT_OK } from '../exit-codes.ts'
import type { PlacementFailure } from '../render/metrics.ts'
import {
  deploymentBlock,
  deploymentHeader,
  initialDeploymentMonitor,
  isDeploymentOver,
  observeDeployment,
  withWaitingTold,
} from './deployment-monitor.ts'
import { type DeploymentView, fetchDeployment, fetchWaiting, latestDeploymentDocument } from './deployment-view.ts'
import {
  evaluationEnd,
  evaluationHeader,
  initialEvaluationMonitor,
  isFinished,
  type MonitorOptions,
  observeEvaluation,
  renderUnplaced,
} from './evaluation-monitor.ts'
import { type EvaluationView, fetchEvaluation } from './evaluation-view.ts'
import { createLiveBlock } from './live-block.ts'
import { pauseAlive } from './pause.ts'

/** Quick at first, since most evaluations are answered at once, then easy on the server. */
const QUICK_POLL_MS = 100
const QUICK_POLLS_LAST_MS = 1_000
const POLL_MS = 250
/** How long a failed deployment's rollback may take to show up. */
const ROLLBACK_WAIT_MS = 5_000

export type FollowOptions = {
  readonly isVerbose: boolean
  /** Nothing older than this position is looked at; null = whatever there is. */
  readonly after: number | null
}

/** What following needs to know of where it runs, put together once. */
type Follower = {
  readonly context: CommandContext
  readonly isVerbose: boolean
  readonly signal: AbortSignal
  readonly startedAtMs: number
  /** How long it waits before it looks again, null for what suits. */
  readonly pollMs: number | null
}

const createFollower = (context: CommandContext, isVerbose: boolean): Follower => ({
  context,
  isVerbose,
  signal: context.io.interruption(),
  startedAtMs: context.clock.monotonicMs(),
  pollMs: null,
})

const optionsNow = ({ context, isVerbose }: Follower): MonitorOptions => ({
  isVerbose,
  nowMs: context.clock.now(),
  hasColor: context.settings.hasColor,
})

const print = ({ context }: Follower, lines: readonly string[]): Promise<void> =>
  lines.length === 0 ? Promise.resolve() : context.io.stdout(`${lines.join('\n')}\n`)

/** What is waited for is no output: it goes where hints go. */
const hint = ({ context }: Follower, lines: readonly string[]): void => {
  if (lines.length > 0) context.io.stderr(`${lines.join('\n')}\n`)
}

const pause = ({ context, signal, startedAtMs, pollMs }: Follower): Promise<void> => {
  const isYoung = context.clock.monotonicMs() - startedAtMs < QUICK_POLLS_LAST_MS
  return pauseAlive(context.clock, pollMs ?? (isYoung ? QUICK_POLL_MS : POLL_MS), signal)
}

const detach = ({ context }: Follower, command: string): number => {
  context.io.stderr(`\nDetached; the work goes on. Follow it again with: ${command}\n`)
  return EXIT_INTERRUPTED
}

type Seen<T> = { readonly kind: 'over'; readonly view: T } | { readonly kind: 'detached' }

const watchEvaluation = async (follower: Follower, id: string, after: number | null): Promise<Seen<EvaluationView>> => {
  let monitor = initialEvaluationMonitor(follower.context.clock.now())
  let isWhyTold = false
  for (;;) {
    const view = await fetchEvaluation(follower.context.api, id, after)
    const options = optionsNow(follower)
    const told = observeEvaluation(monitor, view, options)
    monitor = told.monitor
    await print(follower, told.lines)
    hint(follower, told.hints)
    if (isFinished(view)) return { kind: 'over', view }
    if (view.status === 'blocked' && !isWhyTold && view.placementFailures.length > 0) {
      isWhyTold = true
      await print(follower, renderUnplaced(view, follower.isVerbose))
    }
    await pause(follower)
    if (follower.signal.aborted) return { kind: 'detached' }
  }
}

const watchDeployment = async (
  follower: Follower,
  id: string,
  told: readonly PlacementFailure[],
): Promise<Seen<DeploymentView>> => {
  let monitor = withWaitingTold(initialDeploymentMonitor(follower.context.clock.now()), told)
  const { io } = follower.context
  const block = io.isInteractive ? createLiveBlock(io) : null
  let waiting = told
  for (;;) {
    const view = await fetchDeployment(follower.context.api, id, null)
    if (!isDeploymentOver(view)) waiting = await fetchWaiting(follower.context.api, view)
    const options = optionsNow(follower)
    const news = observeDeployment(monitor, view, { ...options, waiting })
    monitor = news.monitor
    await block?.clear()
    await print(follower, news.lines)
    hint(follower, news.hints)
    if (isDeploymentOver(view)) {
      await print(follower, deploymentBlock(view, options))
      return { kind: 'over', view }
    }
    await block?.draw(deploymentBlock(view, options))
    await pause(follower)
    if (follower.signal.aborted) return { kind: 'detached' }
  }
}

/** True when the servers roll the job back to an earlier version, which makes a deployment of its own. */
const isRolledBack = ({ status, description }: DeploymentView): boolean =>
  status === 'failed' && /rolling back to/.test(description) && !/not rolling back/.test(description)

const findRollback = async (follower: Follower, failed: DeploymentView): Promise<string | null> => {
  const { api, clock } = follower.context
  const deadline = clock.monotonicMs() + ROLLBACK_WAIT_MS
  while (clock.monotonicMs() < deadline && !follower.signal.aborted) {
    const { job } = await api.query(latestDeploymentDocument, { id: failed.jobId, namespace: failed.namespace })
    const latest = job.__typename === 'Job' ? job.latestDeployment : null
    if (latest !== null && latest.id !== failed.id) return latest.id
    await pause(follower)
  }
  return null
}

/** `told` is what waits for a place and has just been printed, so that it is not printed again. */
const followDeploymentOf = async (
  follower: Follower,
  id: string,
  told: readonly PlacementFailure[] = [],
): Promise<number> => {
  let current: string | null = id
  let isFirst = true
  while (current !== null) {
    await print(follower, [deploymentHeader(current, optionsNow(follower))])
    const seen: Seen<DeploymentView> = await watchDeployment(follower, current, isFirst ? told : [])
    if (seen.kind === 'detached') return detach(follower, `muster deployment status -monitor ${current.slice(0, 8)}`)
    const { view } = seen
    if (view.status === 'successful') return isFirst ? EXIT_OK : EXIT_FAILED
    current = isRolledBack(view) ? await findRollback(follower, view) : null
    isFirst = false
  }
  return EXIT_FAILED
}

/** Tells of a deployment until it is over, and of the rollback that a failed one leads to. Answers the exit code. */
export const followDeployment = (
  context: CommandContext,
  id: string,
  options: { readonly isVerbose: boolean; readonly pollMs: number | null },
): Promise<number> => followDeploymentOf({ ...createFollower(context, options.isVerbose), pollMs: options.pollMs }, id)

/**
 * After an evaluation that could not place everything: a person at a terminal sees the deployment wait for room; a script
 * gets its exit code now, instead of standing still until the progress deadline.
 */
const followUnplaced = async (follower: Follower, view: EvaluationView): Promise<number> => {
  if (view.deploymentId === null) return EXIT_NOT_PLACED
  if (follower.context.io.isInteractive) {
    const code = await followDeploymentOf(follower, view.deploymentId, view.placementFailures)
    return code === EXIT_FAILED || code === EXIT_INTERRUPTED ? EXIT_NOT_PLACED : code
  }
  const id = view.deploymentId.slice(0, 8)
  follower.context.io.stderr(
    `Deployment "${id}" goes on waiting. Follow it with: muster deployment status -monitor ${id}\n`,
  )
  return EXIT_NOT_PLACED
}

/**
 * Tells of an evaluation until it is answered, then of those that follow a failed one, then of its deployment. Answers the
 * exit code: 0, 1 when it or the deployment failed, 2 when not everything could be placed, 130 when the user left.
 */
export const followEvaluation = async (
  context: CommandContext,
  evaluationId: string,
  { isVerbose, after }: FollowOptions,
): Promise<number> => {
  const follower = createFollower(context, isVerbose)
  let current: { readonly id: string; readonly after: number | null } = { id: evaluationId, after }
  for (;;) {
    await print(follower, [evaluationHeader(current.id, optionsNow(follower))])
    const seen = await watchEvaluation(follower, current.id, current.after)
    if (seen.kind === 'detached') return detach(follower, `muster eval status -monitor ${current.id.slice(0, 8)}`)
    const { view } = seen
    await print(follower, evaluationEnd(view, optionsNow(follower)))
    if (view.status === 'failed' && view.nextEvaluationId !== null) {
      current = { id: view.nextEvaluationId, after: null }
      continue
    }
    if (view.status !== 'complete') return EXIT_FAILED
    if (view.placementFailures.length > 0) return followUnplaced(follower, view)
    return view.deploymentId === null ? EXIT_OK : followDeploymentOf(follower, view.deploymentId)
  }
}
