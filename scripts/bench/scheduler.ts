import type { ClusterState } from '../../src/domain/cluster/index.ts'
import { noReservations, type Snapshot, schedule, takeSnapshot } from '../../src/domain/scheduler/index.ts'
import {
  buildConstraint,
  buildEvaluation,
  buildGroup,
  buildJob,
  buildJobState,
  buildNode,
  buildPort,
  buildState,
  buildTask,
} from '../../test/support/builders.ts'

/**
 * The pure scheduler alone: one evaluation decided over and over on one state, nothing committed. Prints placements per
 * second and microseconds per evaluation, of processor time (other work on the machine counts for nothing), for a few
 * shapes, with the snapshot kept and with it taken anew.
 *
 *   npx tsx scripts/bench/scheduler.ts [nodes]
 */
const tasks = [buildTask({ resources: { cpuMhz: 10, memoryMb: 10, memoryMaxMb: 0 } })]
const MIN_MS = 1_000

const clusterOf = (nodes: number, job: ReturnType<typeof buildJob>): ClusterState =>
  buildState({
    nodes: Array.from({ length: nodes }, (_, index) =>
      buildNode(`node-${index}`, {
        computedClass: `class-${index % 10}`,
        meta: { rack: `r${index % 50}` },
        usage: { cpuMhz: (index * 7) % 2_000, memoryMb: (index * 13) % 4_000, diskMb: 0, ports: new Map() },
      }),
    ),
    jobs: [buildJobState(job)],
  })

const group = (count: number, extra: Parameters<typeof buildGroup>[0] = {}) =>
  buildGroup({ count, tasks, ephemeralDiskMb: 10, ...extra })

const shapes = {
  'one placement': buildJob({ groups: [group(1)] }),
  '1,000 of one group': buildJob({ groups: [group(1_000)] }),
  '1,000 with two dynamic ports': buildJob({
    groups: [group(1_000, { network: { mode: 'host', ports: [buildPort('a'), buildPort('b')] } })],
  }),
  '1,000 with distinct_hosts': buildJob({
    groups: [group(1_000, { constraints: [buildConstraint('', 'distinct_hosts')] })],
  }),
  '40 with distinct_property': buildJob({
    groups: [group(40, { constraints: [buildConstraint('${meta.rack}', 'distinct_property')] })],
  }),
  'nothing fits': buildJob({
    groups: [group(10, { tasks: [buildTask({ resources: { cpuMhz: 9_000, memoryMb: 1, memoryMaxMb: 0 } })] })],
  }),
} as const

const run = (state: ClusterState, snapshot: Snapshot | undefined): { readonly placed: number; readonly ms: number } => {
  const [job] = state.jobs.values()
  if (job === undefined) throw new Error('the state has a job')
  const evaluation = buildEvaluation(job)
  const started = process.cpuUsage()
  const { plan } = schedule({
    state,
    evaluation,
    reservations: noReservations(),
    planEventId: 'bench',
    now: 0,
    basis: { position: 0, controlRevision: 0, now: 0, schedulerVersion: 1, configRevision: 0 },
    ...(snapshot === undefined ? {} : { snapshot }),
  })
  const used = process.cpuUsage(started)
  return { placed: plan.placements.node.length, ms: (used.user + used.system) / 1_000 }
}

const measure = (state: ClusterState, snapshot: Snapshot | undefined) => {
  run(state, snapshot)
  let placed = 0
  let ms = 0
  let rounds = 0
  for (; ms < MIN_MS; rounds++) {
    const round = run(state, snapshot)
    placed += round.placed
    ms += round.ms
  }
  return { rate: Math.round((placed / ms) * 1_000), perEvaluationUs: Math.round((ms / rounds) * 1_000) }
}

const nodes = Number(process.argv[2] ?? 5_000)
console.log(`${nodes} nodes`)
for (const [name, job] of Object.entries(shapes)) {
  const state = clusterOf(nodes, job)
  const kept = measure(state, takeSnapshot(state))
  const anew = measure(state, undefined)
  console.log(
    `${name.padEnd(32)} ${String(kept.rate).padStart(9)} placements/s ${String(kept.perEvaluationUs).padStart(7)} us/evaluation` +
      `   (snapshot taken anew: ${anew.rate}/s, ${anew.perEvaluationUs} us)`,
  )
}
