import { allocationId, uuidOf } from '../../src/domain/ids.ts'
import { jobStream, nodeStream, reportStream } from '../../src/domain/streams.ts'
import { buildGroup, buildJob, buildPort, buildTask, buildTaskReport, T0 } from './builders.ts'
import {
  buildReport,
  createHistory,
  type History,
  jobRegistered,
  nodeRegistered,
  placementsOf,
  planCommitted,
  reported,
} from './history.ts'

/** A service `web` with a port, placed twice on one node in a deployment, its first allocation running and healthy. */
export const NODE_ID = uuidOf('test-node', 'node-1')
export const EVALUATION_ID = uuidOf('test-evaluation', 'web')
export const DEPLOYMENT_ID = uuidOf('test-deployment', 'web')

const spec = buildJob({
  groups: [
    buildGroup({
      count: 2,
      network: { mode: 'host', ports: [buildPort('http', 0, 8_080), buildPort('admin', 9_000)] },
      tasks: [
        buildTask({ name: 'server' }),
        buildTask({ name: 'init', lifecycle: { hook: 'prestart', isSidecar: false } }),
      ],
      services: [
        {
          name: 'web-http',
          port: 'http',
          provider: 'nomad',
          tags: ['blue', 'a'],
          meta: {},
          addressMode: 'auto',
          address: '',
          task: '',
          checks: [],
        },
      ],
    }),
  ],
})

export type WebHistory = { readonly history: History; readonly allocations: readonly [string, string] }

export const writeWeb = (): WebHistory => {
  const history = createHistory()
  history.record(nodeStream(NODE_ID), nodeRegistered('node-1'))
  history.record(jobStream('default', 'web'), jobRegistered({ spec, evaluationId: EVALUATION_ID, message: 'first' }))
  const placements = {
    ...placementsOf('app', NODE_ID, 2),
    ports: [
      [23_514, 9_000],
      [23_515, 9_001],
    ],
  }
  const plan = history.record(
    'control',
    planCommitted({
      evaluationId: EVALUATION_ID,
      placements,
      queued: { app: 1 },
      changes: [{ group: 'app', place: 2, stop: 0, inPlace: 0, destructive: 0, ignore: 0 }],
      deployment: {
        deploymentId: DEPLOYMENT_ID,
        isNew: true,
        groups: [{ group: 'app', desiredTotal: 2, progressDeadlineMs: 600_000, autoRevert: false }],
      },
    }),
  )
  const first = allocationId(plan.id, 0)
  const second = allocationId(plan.id, 1)
  const event = (type: string, offset: number, message: string) => ({
    task: 'server',
    type,
    at: T0 + offset,
    message,
    details: {},
  })
  history.record(
    reportStream(NODE_ID),
    reported(1, [
      buildReport(first, {
        tasks: [
          buildTaskReport('server', { startedAt: T0 + 3_000 }),
          buildTaskReport('init', { phase: 'dead', exitCode: 0, finishedAt: T0 + 2_500 }),
        ],
        events: [
          event('Received', 2_000, 'Task received by client'),
          event('Started', 3_000, 'Task started by client'),
        ],
        checks: [
          {
            checkId: 'c1',
            service: 'web-http',
            name: 'alive',
            task: '',
            mode: 'healthiness',
            status: 'success',
            output: '',
            at: T0 + 3_500,
          },
        ],
        health: { isHealthy: true, at: T0 + 4_000, deploymentId: DEPLOYMENT_ID },
      }),
    ]),
  )
  return { history, allocations: [first, second] }
}
