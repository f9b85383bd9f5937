import { createHash } from 'node:crypto'
import { decode } from '../../src/app/codec.ts'
import type { ClusterState } from '../../src/domain/cluster/index.ts'
import type { RecordedEvent } from '../../src/eventstore/port.ts'
import type { Dump } from '../../src/projections/dump.ts'
import { openReadModel } from '../support/history.ts'

/** One event a line, as the store gave it. */
export const parseHistory = (text: string): readonly RecordedEvent[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as RecordedEvent)

export type Folded = { readonly state: ClusterState; readonly rows: Dump }

/** What this version makes of events that any version recorded: the state, and the rows of the read model. */
export const foldHistory = (events: readonly RecordedEvent[]): Folded => {
  const { model, state, follow } = openReadModel()
  follow(events.map(decode))
  const rows = model.dump()
  model.close()
  return { state, rows }
}

const plain = (value: unknown): unknown => {
  if (value instanceof Map) return Array.from(value, ([key, entry]) => [key, plain(entry)])
  if (value instanceof Set) return Array.from(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, plain(entry)]),
  )
}

/**
 * Digests of what people and the scheduler see of each kind of thing. They leave out what a version may add: a field that
 * is new is no change of what an old event means.
 */
export const digestOf = ({ state }: Folded): Readonly<Record<string, string>> => {
  const digest = (value: unknown): string =>
    createHash('sha256')
      .update(JSON.stringify(plain(value)))
      .digest('hex')
      .slice(0, 16)
  const list = <T>(things: ReadonlyMap<string, T>, view: (thing: T) => unknown): string =>
    digest(Array.from(things.values(), view))
  return {
    jobs: list(state.jobs, ({ key, status, incarnation, version, versions, allocations, children }) => ({
      key,
      status,
      incarnation,
      version,
      stable: versions.map(({ isStable }) => isStable),
      allocations,
      children,
    })),
    nodes: list(state.nodes, ({ id, status, isEligible, usage, allocations }) => ({
      id,
      status,
      isEligible,
      usage,
      allocations,
    })),
    allocations: list(state.allocations, one => ({
      id: one.id,
      name: one.name,
      nodeId: one.nodeId,
      jobVersion: one.jobVersion,
      desired: one.desired,
      stopReason: one.stopReason,
      judgement: one.judgement,
      observed: one.observed,
      ports: one.ports,
      previousId: one.previousId,
      nextId: one.nextId,
      tasks: Array.from(one.tasks.values(), ({ task, phase, isFailed, startNumber }) => [
        task,
        phase,
        isFailed,
        startNumber,
      ]),
    })),
    evaluations: list(state.evaluations, ({ id, status, trigger, placed, queued, blockedId }) => ({
      id,
      status,
      trigger,
      placed,
      queued,
      blockedId,
    })),
    deployments: list(state.deployments, ({ id, status, description, jobVersion }) => ({
      id,
      status,
      description,
      jobVersion,
    })),
    services: digest(Array.from(state.services, ([key, instances]) => [key, Array.from(instances.keys())])),
  }
}
