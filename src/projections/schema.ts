import { type Facet, thingKinds } from './projection.ts'
import { projections } from './registry.ts'

/** Raised when a table below changes; the facets carry their own versions. */
const BASE_VERSION = 1

/** Equal exactly for read models whose rows mean the same. */
export const schemaVersion = [
  `base ${BASE_VERSION}`,
  ...projections.map(projection => `${projection.name} ${projection.version}`),
].join(', ')

/** Kinds whose changes can be followed: each has a list of (position, key). */
export const followedKinds = ['job', 'allocation'] as const
export type FollowedKind = (typeof followedKinds)[number]

const baseTables = `
CREATE TABLE checkpoint (id INTEGER PRIMARY KEY CHECK (id = 1), schema TEXT NOT NULL, position INTEGER NOT NULL, event_id TEXT NOT NULL);
CREATE TABLE log_time (position INTEGER PRIMARY KEY, at INTEGER NOT NULL);
CREATE INDEX log_time_at ON log_time (at);
CREATE TABLE placement_metric (key INTEGER PRIMARY KEY, metrics TEXT NOT NULL);
CREATE TABLE task_event (
  key INTEGER PRIMARY KEY, position INTEGER NOT NULL, allocation_key INTEGER NOT NULL, task TEXT NOT NULL,
  type TEXT NOT NULL, at INTEGER NOT NULL, message TEXT NOT NULL, details TEXT NOT NULL
);
CREATE INDEX task_event_allocation ON task_event (allocation_key, task, key);
`

const thingTable = (kind: string): string =>
  `CREATE TABLE ${kind}_id (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);`

const changeTable = (kind: string): string =>
  `CREATE TABLE ${kind}_change (position INTEGER NOT NULL, key INTEGER NOT NULL, PRIMARY KEY (position, key)) WITHOUT ROWID;`

const facetTable = (facet: Facet): string => {
  const columns = Object.entries(facet.columns).map(([name, type]) => `${name} ${type}`)
  const table = `CREATE TABLE ${facet.table} (
  key INTEGER NOT NULL, ${columns.join(', ')}, from_position INTEGER NOT NULL, to_position INTEGER NOT NULL,
  PRIMARY KEY (key, to_position)
) WITHOUT ROWID;`
  const indexes = facet.indexes.map(
    (names, index) => `CREATE INDEX ${facet.table}_${index} ON ${facet.table} (${names.join(', ')});`,
  )
  return [table, ...indexes].join('\n')
}

/** Everything that a new read model starts with. */
export const createTables = [
  baseTables,
  ...thingKinds.map(thingTable),
  ...followedKinds.map(changeTable),
  ...projections.flatMap(projection => projection.facets.map(facetTable)),
].join('\n')
