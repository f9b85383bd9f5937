import { renderDeployment } from '../render/deployment.ts'
import { indent } from '../render/indent.ts'
import { type PlacementFailure, renderPlacementFailure } from '../render/metrics.ts'
import { paint } from '../render/paint.ts'
import { shortId } from '../render/short-id.ts'
import { localTime } from '../render/time.ts'
import type { DeploymentView } from './deployment-view.ts'
import { type MonitorOptions, QUIET_MS, type Told } from './evaluation-monitor.ts'

/** The lines that tell of a deployment as it goes on: trouble of its tasks when it is seen, and what is waited for. */
export type DeploymentMonitor = {
  /** The newest task event that was looked at, by allocation and task. */
  readonly seen: ReadonlyMap<string, number>
  readonly progress: string
  /** What waited for a place when that was last told, empty when nothing did. */
  readonly waiting: string
  readonly toldAtMs: number
}

export const initialDeploymentMonitor = (nowMs: number): DeploymentMonitor => ({
  seen: new Map(),
  progress: '',
  waiting: '',
  toldAtMs: nowMs,
})

/** The monitor of a deployment whose missing places have just been told, reasons and all. */
export const withWaitingTold = (
  monitor: DeploymentMonitor,
  waiting: readonly PlacementFailure[],
): DeploymentMonitor => ({
  ...monitor,
  waiting: waitingText(waiting),
})

const waitingText = (waiting: readonly PlacementFailure[]): string => waiting.flatMap(renderPlacementFailure).join('\n')

/** Why something is not placed, told whenever that changes. */
const waitingLines = (before: string, now: string, nowMs: number): readonly string[] => {
  if (now === before) return []
  const time = localTime(nowMs)
  if (now === '') return [`    ${time}: Everything has a place now`]
  return [`    ${time}: Waiting for capacity:`, ...indent(now.split('\n'), 6)]
}

/** Task events that say why something does not become healthy. */
const troubles: ReadonlySet<string> = new Set([
  'Driver Failure',
  'Setup Failure',
  'Failed Validation',
  'Failed Artifact Download',
  'Restarting',
  'Not Restarting',
  'Template',
  'Alloc Unhealthy',
  'Task hook failed',
  'Sibling Task Failed',
])

const isTrouble = (type: string, message: string): boolean =>
  troubles.has(type) || (type === 'Terminated' && !/Exit Code: 0\b/.test(message))

const NO_POSITION = -1

const troubleOf = (
  monitor: DeploymentMonitor,
  view: DeploymentView,
  isVerbose: boolean,
): { readonly texts: readonly string[]; readonly seen: ReadonlyMap<string, number> } => {
  const seen = new Map(monitor.seen)
  const texts: string[] = []
  for (const { id, tasks } of view.allocations.nodes) {
    for (const { name, events } of tasks) {
      const key = `${id}/${name}`
      const last = seen.get(key) ?? NO_POSITION
      // Newest first as the API lists them: the oldest news is told first.
      for (const event of events.toReversed()) {
        if (event.position <= last || !isTrouble(event.type, event.message)) continue
        texts.push(`Allocation "${shortId(id, isVerbose)}" task "${name}": ${event.type}: ${event.message}`)
      }
      seen.set(key, Math.max(last, ...events.map(event => event.position)))
    }
  }
  return { texts, seen }
}

const progressOf = (view: DeploymentView): string =>
  view.groups
    .map(({ group, desiredTotal, placed, healthy }) => `${group} ${healthy}/${desiredTotal} healthy, ${placed} placed`)
    .join('; ')

/** Takes one observation in; answers what is new in it and worth a line. */
export const observeDeployment = (
  monitor: DeploymentMonitor,
  view: DeploymentView,
  { isVerbose, nowMs, waiting }: MonitorOptions & { readonly waiting: readonly PlacementFailure[] },
): Told<DeploymentMonitor> => {
  const { texts, seen } = troubleOf(monitor, view, isVerbose)
  const progress = progressOf(view)
  const isQuiet = texts.length === 0 && nowMs - monitor.toldAtMs >= QUIET_MS && view.status === 'running'
  const quiet = isQuiet && progress !== monitor.progress ? [`Still waiting for healthy allocations: ${progress}`] : []
  const waits = waitingText(waiting)
  const line = (text: string): string => `    ${localTime(nowMs)}: ${text}`
  return {
    lines: [...texts.map(line), ...waitingLines(monitor.waiting, waits, nowMs)],
    hints: quiet.map(line),
    monitor: {
      seen,
      // Said once per state of things: a deployment may take long, and nobody wants the same line every few seconds.
      progress: isQuiet ? progress : monitor.progress,
      waiting: waits,
      toldAtMs: texts.length + quiet.length === 0 ? monitor.toldAtMs : nowMs,
    },
  }
}

export const deploymentHeader = (id: string, { isVerbose, nowMs }: MonitorOptions): string =>
  `==> ${localTime(nowMs)}: Monitoring deployment "${shortId(id, isVerbose)}"`

export const isDeploymentOver = ({ status }: DeploymentView): boolean => status !== 'running' && status !== 'paused'

const mark = ({ status }: DeploymentView, hasColor: boolean): string =>
  status === 'successful' ? paint('✓', 'green', hasColor) : paint('!', 'red', hasColor)

/** The block of a deployment as it stands now. */
export const deploymentBlock = (
  view: DeploymentView,
  { isVerbose, nowMs, hasColor }: MonitorOptions,
): readonly string[] => {
  const id = shortId(view.id, isVerbose)
  const heading = isDeploymentOver(view)
    ? `${mark(view, hasColor)} Deployment "${id}" ${view.status}`
    : `  Deployment "${id}" in progress...`
  return [`  ${heading}`, ...indent(['', localTime(nowMs), ...renderDeployment(view, isVerbose)], 4)]
}
