import type { NodeValues } from '../../domain/interpolation.ts'
import type { Task, TaskGroup } from '../../domain/jobspec/schema.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { Directories } from './directories.ts'
import type { TaskDriver, TaskHandle } from './drivers/driver.ts'
import type { ClientLimits } from './limits.ts'
import type { HeldAllocation } from './state-store.ts'
import type { TaskNote } from './task-events.ts'
import type { RestartOrder, TaskRecord } from './task-record.ts'

/** What the agent knows of its own node, as tasks may ask for it. */
export type NodeView = NodeValues & {
  /** The address that ports are published on. */
  readonly address: string
}

/** A port of the machine that somebody listens on. */
export type HeldPort = { readonly port: number; readonly holder: string }

/** The templates of one task; none for most. */
export type TaskTemplates = {
  /** Renders all of them; waits for what they need. Throws AppError when one cannot be rendered. */
  readonly prepare: (signal: AbortSignal) => Promise<void>
  /** Variables of the rendered `env = true` templates. */
  readonly env: () => Readonly<Record<string, string>>
  readonly close: () => void
}

/** What the templates of a task may do to it. */
export type TemplateActions = {
  readonly isRunning: () => boolean
  readonly restart: (reason: string) => void
  readonly signal: (signal: string, reason: string) => void
  readonly note: (note: TaskNote) => void
}

/** What every task of the agent shares. */
export type AgentServices = {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly directories: Directories
  readonly drivers: ReadonlyMap<string, TaskDriver>
  readonly node: () => NodeView
  readonly limits: ClientLimits
  /** Labels that everything of this agent carries. */
  readonly labels: Readonly<Record<string, string>>
  /** True once a server was heard since the agent started. */
  readonly hasServer: () => boolean
  /** Which of these ports are held on the machine right now, and by whom. */
  readonly heldPorts: (ports: readonly number[]) => Promise<readonly HeldPort[]>
  readonly createTemplates: (task: TemplateOwner, actions: TemplateActions) => TaskTemplates
}

export type TemplateOwner = {
  readonly held: () => HeldAllocation
  readonly group: () => TaskGroup
  readonly task: () => Task
  readonly driver: TaskDriver | undefined
}

/** What the allocation gives to the runner of one of its tasks. */
export type TaskOwner = TemplateOwner & {
  /** Puts a record in place of the one before: in memory at once, resolves when it is on disk; only then is it reported. */
  readonly commit: (record: TaskRecord, notes: readonly TaskNote[]) => Promise<void>
  readonly note: (task: string, notes: readonly TaskNote[]) => void
  /** Whether another task of the allocation runs, which may then hold the allocation's ports. */
  readonly hasRunningSibling: (task: string) => boolean
}

/** What an executor of a step works on. */
export type StepContext = {
  readonly services: AgentServices
  readonly owner: TaskOwner
  readonly templates: TaskTemplates
  readonly record: () => TaskRecord
  readonly commit: (change: Partial<TaskRecord>, notes?: readonly TaskNote[]) => Promise<void>
  /** Aborts when the step is not wanted any more. */
  readonly signal: AbortSignal
  /** The task is to end: why, for its events. */
  readonly isEnding: () => boolean
  readonly endNotes: () => readonly TaskNote[]
  readonly endReason: () => string
  /** The task's directories and templates are there. */
  readonly setPrepared: () => void
  /** Watches a running task for its end. */
  readonly attach: (handle: TaskHandle) => void
  /** Resolves when the phase is not `running` any more, or the signal aborts. */
  readonly ended: () => Promise<void>
  readonly arm: (delayMs: number) => void
  readonly requestRestart: (order: RestartOrder) => void
}
