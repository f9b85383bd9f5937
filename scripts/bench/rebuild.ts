/**
 * Building the views anew from the log of a fleet (F16): `MUSTER_BENCH_EVENTS=1000000 npm run bench rebuild`, 20,000 events
 * unless said otherwise. The log is written to SQLite and followed live meanwhile; then views are built from it as after
 * their version was raised, and the two files' rows are compared.
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { decode, encode } from '../../src/app/codec.ts'
import type { DomainEvent } from '../../src/domain/events.ts'
import { allocationId, uuidOf } from '../../src/domain/ids.ts'
import { jobStream, nodeStream, reportStream, STATE_CATEGORIES } from '../../src/domain/streams.ts'
import type { Append, EventStore } from '../../src/eventstore/port.ts'
import { openSqliteStore } from '../../src/eventstore/sqlite.ts'
import { buildBatchGroup, buildJob, buildTaskReport, T0 } from '../../test/support/builders.ts'
import {
  buildReport,
  jobRegistered,
  nodeRegistered,
  openReadModel,
  placementsOf,
  planCommitted,
  reported,
} from '../../test/support/history.ts'
import { row } from './report.ts'

const NODES = 100
const ALLOCATIONS_PER_JOB = 4
/** Of the jobs that ended this many are kept, as the fleet's collection does; older ones go from the state, not from the log. */
const KEPT_JOBS = 2_000
const EVENTS_PER_BATCH = 500
const ONE_SECOND_MS = 1_000
const MICROSECONDS = 1_000_000
const BYTES_PER_MB = 1_000_000

type Written = { readonly stream: string; readonly id: string; readonly event: DomainEvent }

const nodeIds = Array.from({ length: NODES }, (_, index) => uuidOf('bench-node', index))

/** A fleet's log without end: nodes, then batch jobs one after the other, each with its plan and all that its allocations report. */
function* fleet(): Generator<Written> {
  let count = 0
  const written = (stream: string, event: DomainEvent): Written => ({
    stream,
    id: uuidOf('bench-event', count++),
    event,
  })
  const sequences = new Map<string, number>()
  const report = (nodeId: string, allocation: Parameters<typeof buildReport>): Written => {
    const sequence = (sequences.get(nodeId) ?? 0) + 1
    sequences.set(nodeId, sequence)
    return written(reportStream(nodeId), reported(sequence, [buildReport(...allocation)]))
  }
  for (const nodeId of nodeIds) yield written(nodeStream(nodeId), nodeRegistered(nodeId))
  const ended: { readonly key: string; readonly evaluationId: string; readonly allocations: readonly string[] }[] = []
  for (let number = 0; ; number++) {
    const id = `batch-${number}`
    const evaluationId = uuidOf('bench-evaluation', number)
    const nodeId = nodeIds[number % NODES] ?? ''
    const spec = buildJob({ id, type: 'batch', groups: [buildBatchGroup()] })
    const group = spec.groups[0]?.name ?? ''
    const task = spec.groups[0]?.tasks[0]?.name ?? ''
    yield written(jobStream('default', id), jobRegistered({ spec, evaluationId }))
    const placements = placementsOf(group, nodeId, ALLOCATIONS_PER_JOB)
    const plan = written('control', planCommitted({ evaluationId, jobId: id, placements }))
    yield plan
    const allocations = Array.from({ length: ALLOCATIONS_PER_JOB }, (_, index) => allocationId(plan.id, index))
    const taskEvent = (type: string) => ({ task, type, at: T0 + number, message: type, details: {} })
    for (const allocation of allocations) {
      const received = {
        tasks: [buildTaskReport(task, { phase: 'pending', startNumber: 0 })],
        events: [taskEvent('Received')],
      }
      const started = { tasks: [buildTaskReport(task)], events: [taskEvent('Started')] }
      const over = {
        tasks: [buildTaskReport(task, { phase: 'dead', exitCode: 0, finishedAt: T0 + number })],
        events: [taskEvent('Terminated')],
      }
      for (const step of [received, started, over]) yield report(nodeId, [allocation, step])
    }
    ended.push({ key: `default/${id}`, evaluationId, allocations })
    const oldest = ended.length > KEPT_JOBS ? ended.shift() : undefined
    if (oldest === undefined) continue
    const position = Number.MAX_SAFE_INTEGER
    const items = [
      ...oldest.allocations.map(one => ({ kind: 'allocation' as const, id: one, position })),
      { kind: 'evaluation' as const, id: oldest.evaluationId, position },
      { kind: 'job' as const, id: oldest.key, position },
    ]
    yield written('control', { type: 'Collected', data: { items } })
  }
}

const appendsOf = function* (count: number): Generator<Append[]> {
  let batch: Append[] = []
  let number = 0
  for (const { stream, id, event } of fleet()) {
    const at = T0 + number * ONE_SECOND_MS
    const provenance = { actor: 'bench', correlationId: id, causationId: id, at }
    batch.push({ stream, expected: 'any', events: [encode(id, event, provenance)] })
    number += 1
    if (batch.length < EVENTS_PER_BATCH && number < count) continue
    yield batch
    batch = []
    if (number >= count) return
  }
}

/** Follows the log until `head`, from its start. Answers the seconds that it took. */
const follow = async (store: EventStore, path: string, head: number): Promise<number> => {
  const startedAt = performance.now()
  const { model, state, follow: fold } = openReadModel(path)
  for await (const item of store.subscribe(-1, { categories: STATE_CATEGORIES }, new AbortController().signal)) {
    if (item.kind === 'events') fold(item.events.map(decode))
    if (state.position >= head) break
  }
  model.close()
  return (performance.now() - startedAt) / ONE_SECOND_MS
}

/** All rows of a file of views, in order, as one digest; no table is held in memory. */
const digestOf = (path: string): string => {
  const db = new Database(path, { readonly: true })
  const hash = createHash('sha256')
  const tables = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all()
  for (const table of tables) {
    const columns = db.prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`).pluck().all()
    const order = columns.map((_, index) => index + 1).join(', ')
    for (const values of db.prepare(`SELECT * FROM ${table} ORDER BY ${order}`).raw().iterate()) {
      hash.update(`${table}${JSON.stringify(values)}\n`)
    }
  }
  db.close()
  return hash.digest('hex')
}

export const benchRebuild = async (): Promise<void> => {
  const count = Number(process.env['MUSTER_BENCH_EVENTS'] ?? '20000')
  const folder = mkdtempSync(join(tmpdir(), 'muster-rebuild-'))
  const store = await openSqliteStore({ path: join(folder, 'events.db') })
  const [live, anew] = [join(folder, 'live.db'), join(folder, 'anew.db')]
  const following = follow(store, live, count - 1)
  for (const batch of appendsOf(count)) await store.appendBatch(batch)
  await following
  const cpuBefore = process.cpuUsage().user
  const seconds = await follow(store, anew, count - 1)
  const cpuSeconds = (process.cpuUsage().user - cpuBefore) / MICROSECONDS
  const rssMb = process.memoryUsage().rss / BYTES_PER_MB
  row(`F16 views built anew from ${count} events`, `${seconds.toFixed(1)} s, ${cpuSeconds.toFixed(1)} s of a core`)
  row(
    'F16 events a second, and a second of a core',
    `${Math.round(count / seconds)}, ${Math.round(count / cpuSeconds)}`,
  )
  row('F16 memory of the process then', `${Math.round(rssMb)} MB`)
  row('F16 rows equal those of views that followed', digestOf(live) === digestOf(anew) ? 'yes' : 'NO')
  await store.close()
  rmSync(folder, { recursive: true, force: true })
}
