/** Where something is killed. `maxCount`: the kill comes at one of the first so many times that the point is reached. */
export type Point =
  /** The agent ends itself there, by test/crash/hooks.cjs. */
  | { readonly kind: 'hook'; readonly maxCount: number; readonly what: string }
  /** Killed from outside, at a random moment of a round. */
  | { readonly kind: 'agent' | 'broker' | 'task'; readonly what: string }

const hook = (maxCount: number, what: string): Point => ({ kind: 'hook', maxCount, what })

export const points = {
  'append-before-commit': hook(12, 'server: events are decided and in the transaction, which is not committed'),
  'append-after-commit': hook(12, 'server: committed, and nobody was told: not the view, not who asked'),
  'views-before-commit': hook(12, 'server: in the batch of the views, rows written and not committed'),
  'views-after-commit': hook(12, 'server: rows and checkpoint committed, waiters not woken'),
  'answer-before-sent': hook(3, 'server: the answer of the API is ready and not sent'),
  'client-allocation-saved': hook(3, 'client: what it shall run is on disk, nothing has begun'),
  'client-intent-saved': hook(2, 'client: the intent to start is on disk, the driver was not asked'),
  'client-start-made': hook(2, 'client: the files of the start are written, the broker was not asked'),
  'client-start-asked': hook(2, 'client: the broker was asked, the answer not seen'),
  'client-effect-done': hook(2, 'client: the task runs, its handle is not on disk'),
  'client-handle-saved': hook(2, 'client: the handle is on disk, nothing was reported'),
  'client-end-seen': hook(1, 'client: the task ended, its exit code is not on disk'),
  'client-end-saved': hook(1, 'client: the exit code is on disk, nothing was reported'),
  'client-report-made': hook(6, 'client: a report is made and not on disk'),
  'client-report-saved': hook(6, 'client: the report is on disk, not sent or not acknowledged'),
  random: { kind: 'agent', what: 'the agent, server and client, at a random moment' },
  broker: { kind: 'broker', what: 'the process that starts raw_exec tasks, at a random moment' },
  task: { kind: 'task', what: "a task's own process" },
} as const satisfies Readonly<Record<string, Point>>

export type PointName = keyof typeof points
export const pointNames = Object.keys(points) as readonly PointName[]
export const isPointName = (name: string): name is PointName => Object.hasOwn(points, name)
