import type { Database } from 'better-sqlite3'
import type { Changes, ClusterState } from '../domain/cluster/index.ts'
import type { Recorded } from '../domain/events.ts'
import { createFacetWriter, type FacetWriter } from './facet-writer.ts'
import { OPEN } from './interval.ts'
import { versionId } from './jobs.ts'
import type { FacetContext, Projection, ThingKind } from './projection.ts'
import { projections } from './registry.ts'
import { type FollowedKind, followedKinds } from './schema.ts'
import { instanceThing } from './services.ts'
import { createTaskEventWriter } from './task-events.ts'
import type { Things } from './things.ts'

/** Writes the rows that follow from one event, right after it was folded. */
export type Writer = (event: Recorded, state: ClusterState, changes: Changes) => void

type Target = { readonly projection: Projection; readonly writers: readonly FacetWriter[] }

const targetsOf = (db: Database): ReadonlyMap<ThingKind, Target> =>
  new Map(
    projections.map(projection => [
      projection.kind,
      { projection, writers: projection.facets.map(facet => createFacetWriter(db, facet)) },
    ]),
  )

const isFollowed = (kind: ThingKind): kind is FollowedKind => followedKinds.some(followed => followed === kind)

/** Nodes whose own facts changed: a placement touches its node's usage only, which is counted and not stored. */
const nodesOf = (event: Recorded, state: ClusterState, changes: Changes): readonly string[] =>
  [...changes.nodes].filter(id => {
    const node = state.nodes.get(id)
    return node === undefined || node.modifiedPosition === event.position
  })

/** The evaluations that changed and those before them, whose link to the next one may have been set. */
const evaluationsOf = (state: ClusterState, changes: Changes): ReadonlySet<string> => {
  const ids = new Set(changes.evaluations)
  for (const id of changes.evaluations) {
    const previousId = state.evaluations.get(id)?.previousId ?? null
    if (previousId !== null) ids.add(previousId)
  }
  return ids
}

/** Versions that this event made, versions that a deployment proved stable, and all open ones of jobs that are gone. */
const createVersionsOf = (db: Database, things: Things) => {
  const openOf = db
    .prepare<[number], string>(
      `SELECT version_id.id FROM job_version JOIN version_id ON version_id.key = job_version.key WHERE job_key = ? AND to_position = ${OPEN}`,
    )
    .pluck()
  return (event: Recorded, state: ClusterState, changes: Changes): readonly string[] => {
    const ids: string[] = []
    for (const key of changes.jobs) {
      const job = state.jobs.get(key)
      if (job === undefined || job.status === 'purged') ids.push(...openOf.all(things.keyOf('job', key)))
      else if (job.versions.at(-1)?.position === event.position)
        ids.push(versionId(key, job.incarnation, job.versions.at(-1)?.version ?? 0))
    }
    for (const id of changes.deployments) {
      const deployment = state.deployments.get(id)
      if (deployment?.status !== 'successful') continue
      ids.push(versionId(deployment.jobKey, deployment.incarnation, deployment.jobVersion))
    }
    return ids
  }
}

/** The instances of a service that stand in open rows, and those that stand in the state. */
const createInstancesOf = (db: Database) => {
  const openOf = db
    .prepare<[string, string], string>(
      `SELECT instance_id.id FROM service_instance JOIN instance_id ON instance_id.key = service_instance.key WHERE to_position = ${OPEN} AND namespace = ? AND name = ?`,
    )
    .pluck()
  return (state: ClusterState, changes: Changes): ReadonlySet<string> => {
    const ids = new Set<string>()
    for (const service of changes.services) {
      const slash = service.indexOf('/')
      for (const id of openOf.all(service.slice(0, slash), service.slice(slash + 1))) ids.add(id)
      for (const id of state.services.get(service)?.keys() ?? []) ids.add(instanceThing(service, id))
    }
    return ids
  }
}

export const createWriter = (db: Database, things: Things): Writer => {
  const targets = targetsOf(db)
  const versionsOf = createVersionsOf(db, things)
  const instancesOf = createInstancesOf(db)
  const writeTaskEvents = createTaskEventWriter(db, things)
  const noteTime = db.prepare<[number, number]>('INSERT INTO log_time (position, at) VALUES (?, ?)')
  let newestTime = db.prepare<[], number>('SELECT MAX(at) FROM log_time').pluck().get() ?? -1
  const noteChange = {
    job: db.prepare<[number, number]>('INSERT OR IGNORE INTO job_change (position, key) VALUES (?, ?)'),
    allocation: db.prepare<[number, number]>('INSERT OR IGNORE INTO allocation_change (position, key) VALUES (?, ?)'),
  } as const

  const writeAll = (kind: ThingKind, context: FacetContext, ids: Iterable<string>, position: number): void => {
    const target = targets.get(kind)
    if (target === undefined) return
    for (const id of ids) {
      const key = things.keyOf(kind, id)
      let isChanged = false
      for (const write of target.writers) isChanged = write(context, id, key, position) || isChanged
      if (isChanged && isFollowed(kind)) noteChange[kind].run(position, key)
    }
  }

  return (event, state, changes) => {
    const { position } = event
    const context: FacetContext = { state, ...things }
    if (event.at > newestTime) {
      newestTime = event.at
      noteTime.run(position, event.at)
    }
    writeAll('node', context, nodesOf(event, state, changes), position)
    writeAll('job', context, changes.jobs, position)
    writeAll('version', context, versionsOf(event, state, changes), position)
    writeAll('evaluation', context, evaluationsOf(state, changes), position)
    writeAll('deployment', context, changes.deployments, position)
    writeAll('allocation', context, changes.allocations, position)
    writeAll('instance', context, instancesOf(state, changes), position)
    if (event.type === 'AllocationsReported') writeTaskEvents(event, changes)
  }
}
