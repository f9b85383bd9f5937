/** Where something is killed. `maxCount`: the kill comes at one of the first so many times that the point is reached. */
export type Point =
  /** The process ends itself there, by test/crash/hooks.cjs. */
  | { readonly kind: 'hook'; readonly of: AgentName; readonly maxCount: number; readonly what: string }
  /** Killed from outside, at a random moment of a round. */
  | { readonly kind: 'agent'; readonly of: readonly AgentName[]; readonly what: string }
  | { readonly kind: 'broker'; readonly what: string }
  | { readonly kind: 'task'; readonly what: string }
  /** Tasks are containers of an engine that is killed, alone or with agents. `keepsContainers`: live-restore. */
  | {
      readonly kind: 'engine'
      readonly keepsContainers: boolean
      readonly of: readonly AgentName[]
      readonly what: string
    }

export type AgentName = 'server' | 'client'

const server = (maxCount: number, what: string): Point => ({ kind: 'hook', of: 'server', maxCount, what })
const client = (maxCount: number, what: string): Point => ({ kind: 'hook', of: 'client', maxCount, what })

const engine = (keepsContainers: boolean, of: readonly AgentName[], what: string): Point => ({
  kind: 'engine',
  keepsContainers,
  of,
  what,
})

export const points = {
  'append-before-commit': server(12, 'events are decided and in the transaction, which is not committed'),
  'append-after-commit': server(12, 'committed, and nobody was told: not the view, not who asked'),
  'views-before-commit': server(12, 'in the batch of the views, rows written and not committed'),
  'views-after-commit': server(12, 'rows and checkpoint committed, waiters not woken'),
  'answer-before-sent': server(3, 'the answer of the API is ready and not sent'),
  'client-allocation-saved': client(3, 'what it shall run is on disk, nothing has begun'),
  'client-intent-saved': client(2, 'the intent to start is on disk, the driver was not asked'),
  'client-start-made': client(2, 'the files of the start are written, the broker was not asked'),
  'client-start-asked': client(2, 'the broker was asked, the answer not seen'),
  'client-effect-done': client(2, 'the task runs, its handle is not on disk'),
  'client-handle-saved': client(2, 'the handle is on disk, nothing was reported'),
  'client-end-seen': client(1, 'the task ended, its exit code is not on disk'),
  'client-end-saved': client(1, 'the exit code is on disk, nothing was reported'),
  'client-report-made': client(6, 'a report is made and not on disk'),
  'client-report-saved': client(6, 'the report is on disk, not sent or not acknowledged'),
  'server-random': { kind: 'agent', of: ['server'], what: 'the server, at a random moment' },
  'client-random': { kind: 'agent', of: ['client'], what: 'the client, at a random moment' },
  'both-random': { kind: 'agent', of: ['server', 'client'], what: 'server and client together, at a random moment' },
  broker: { kind: 'broker', what: 'the process that starts raw_exec tasks, at a random moment' },
  task: { kind: 'task', what: "a task's own process" },
  engine: engine(false, [], 'the Docker engine, which takes its containers along, at a random moment'),
  'engine-live-restore': engine(true, [], 'the Docker engine, whose containers run on, at a random moment'),
  'engine-and-client': engine(true, ['client'], 'such an engine and the client together, at a random moment'),
} as const satisfies Readonly<Record<string, Point>>

export type PointName = keyof typeof points
export const pointNames = Object.keys(points) as readonly PointName[]
export const isPointName = (name: string): name is PointName => Object.hasOwn(points, name)
