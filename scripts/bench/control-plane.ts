/**
 * First figures for the goals G1 (big jobs), G2 (small jobs) and G10 (growth with nodes), on the real sqlite store with every
 * commit synced, through the commands that the API calls, with nodes that are registered and never answer. `npm run bench`.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from '../../src/app/codec.ts'
import { uuidOf } from '../../src/domain/ids.ts'
import { nodeStream } from '../../src/domain/streams.ts'
import type { EventStore } from '../../src/eventstore/port.ts'
import { openSqliteStore } from '../../src/eventstore/sqlite.ts'
import type { Server } from '../../src/main/server.ts'
import { caller, registration, startControlPlane } from '../../test/support/control-plane.ts'
import { nodeFacts } from '../../test/support/node-facts.ts'
import { median, row } from './report.ts'

const RUNS = 3

type Cluster = {
  readonly server: Server
  readonly store: EventStore
  readonly path: string
  readonly stop: () => Promise<void>
}

const openCluster = async (nodes: number): Promise<Cluster> => {
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-'))
  const path = join(folder, 'events.db')
  const store = await openSqliteStore({ path })
  const provenance = { actor: 'bench', correlationId: 'bench', causationId: 'bench', at: Date.now() }
  const facts = nodeFacts({ resources: { cpuMhz: 1_000_000, memoryMb: 4_000_000, diskMb: 4_000_000 } })
  for (let from = 0; from < nodes; from += 500) {
    await store.appendBatch(
      Array.from({ length: Math.min(500, nodes - from) }, (_, index) => {
        const id = uuidOf('node', from + index)
        const event = encode(
          id,
          { type: 'NodeRegistered', data: { ...facts, name: `node-${from + index}` } },
          provenance,
        )
        return { stream: nodeStream(id), expected: 'no-stream' as const, events: [event] }
      }),
    )
  }
  const plane = await startControlPlane(store)
  return {
    server: plane.server,
    store,
    path,
    stop: async () => {
      await plane.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const job = (id: string, count: number): string => `job "${id}" {
  type = "batch"
  group "g" {
    count = ${count}
    ephemeral_disk {
      size = 150
    }
    task "t" {
      driver = "mock"
      resources {
        cpu    = 20
        memory = 10
      }
    }
  }
}`

const register = async (server: Server, id: string, count: number): Promise<void> => {
  const result = await server.commands.registerJob(registration(job(id, count)), caller())
  if (result.kind === 'rejected')
    throw new Error(`${result.message}: ${result.diagnostics.map(finding => finding.rendered).join()}`)
}

const placed = (server: Server, wanted: number): Promise<void> =>
  new Promise(resolve => {
    const look = (): void => {
      if (server.view.state.allocations.size < wanted) return
      stop()
      resolve()
    }
    const stop = server.view.onChanges(look)
    look()
  })

const bytesOf = (path: string): number => statSync(path).size + statSync(`${path}-wal`).size

const bigJobs = async (): Promise<void> => {
  const rates: number[] = []
  const bytes: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const cluster = await openCluster(1_000)
    const before = bytesOf(cluster.path)
    const startedAt = performance.now()
    for (let index = 0; index < 20; index++) await register(cluster.server, `big-${index}`, 1_000)
    await placed(cluster.server, 20_000)
    rates.push(20_000 / ((performance.now() - startedAt) / 1_000))
    bytes.push((bytesOf(cluster.path) - before) / 20_000)
    await cluster.stop()
  }
  row('G1 20 jobs x 1,000 allocations, 1,000 nodes', `${Math.round(median(rates))} placements/s durable and folded`)
  row('   bytes on disk per placement (log with its WAL)', median(bytes).toFixed(1))
}

const smallJobs = async (): Promise<void> => {
  const rates: number[] = []
  const slowest: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const cluster = await openCluster(100)
    const total = 500
    let next = 0
    const latencies: number[] = []
    const startedAt = performance.now()
    const client = async (): Promise<void> => {
      while (next < total) {
        const index = next++
        const at = performance.now()
        await register(cluster.server, `small-${index}`, 1)
        latencies.push(performance.now() - at)
      }
    }
    await Promise.all(Array.from({ length: 100 }, client))
    await placed(cluster.server, total)
    rates.push(total / ((performance.now() - startedAt) / 1_000))
    slowest.push(latencies.toSorted((a, b) => a - b)[Math.floor(latencies.length * 0.99)] ?? 0)
    await cluster.stop()
  }
  row(
    'G2 500 jobs of count 1, 100 in flight, parsed and gated',
    `${Math.round(median(rates))} jobs/s, p99 ${Math.round(median(slowest))} ms`,
  )
}

const growth = async (): Promise<void> => {
  const sizes = [10, 100, 1_000]
  const costs: number[] = []
  for (const nodes of sizes) {
    const perPlacement: number[] = []
    for (let run = 0; run < RUNS; run++) {
      const cluster = await openCluster(nodes)
      const before = process.cpuUsage()
      for (let index = 0; index < 5; index++) await register(cluster.server, `grow-${index}`, 1_000)
      await placed(cluster.server, 5_000)
      const used = process.cpuUsage(before)
      perPlacement.push((used.user + used.system) / 5_000)
      await cluster.stop()
    }
    costs.push(median(perPlacement))
    row(`G10 CPU per placement with ${nodes} nodes`, `${median(perPlacement).toFixed(1)} µs`)
  }
  const slope = Math.log((costs[2] ?? 1) / (costs[0] ?? 1)) / Math.log((sizes[2] ?? 1) / (sizes[0] ?? 1))
  row('G10 exponent, placement against nodes 10 → 1,000', slope.toFixed(3))
}

export const benchControlPlane = async (): Promise<void> => {
  await bigJobs()
  await smallJobs()
  await growth()
}
