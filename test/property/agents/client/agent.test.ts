import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { TaskReport } from '../../../../src/domain/report/events.ts'
import type { DesiredAllocation } from '../../../../src/protocol/client-link.ts'
import { type AgentBench, buildDesired, createAgentBench, mockTask } from '../../../support/agent-bench.ts'
import { settle } from '../../../support/manual-clock.ts'

/** What may befall an agent. Each is applied at once; `pass` lets time go on. */
type Mishap =
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'run'; readonly number: number }
  | { readonly kind: 'stop'; readonly number: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'refuse'; readonly isOn: boolean }
  | { readonly kind: 'withhold'; readonly isOn: boolean }
  /** The server takes messages and forgets them. */
  | { readonly kind: 'forget'; readonly isOn: boolean }
  | { readonly kind: 'crash'; readonly losesTasks: boolean }
  | { readonly kind: 'kill-task' }

const MAX_ALLOCATIONS = 4

const mishaps: fc.Arbitrary<readonly Mishap[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 15_000 }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant('run' as const), number: fc.nat({ max: MAX_ALLOCATIONS }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('stop' as const), number: fc.nat({ max: MAX_ALLOCATIONS }) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'cut' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const), isOn: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('withhold' as const), isOn: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), isOn: fc.boolean() }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('crash' as const), losesTasks: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'kill-task' as const }) },
  ),
  { minLength: 5, maxLength: 25 },
)

const restart = { attempts: 1_000, intervalMs: 1e9, delayMs: 500, mode: 'fail', rendersTemplates: false } as const

const wanted = (number: number): DesiredAllocation =>
  buildDesired(number, {
    tasks: [
      mockTask('web', { run_for: '24h', kill_after: '1s', start_block_for: '300ms' }, { restart }),
      mockTask('side', { run_for: '24h' }, { restart, lifecycle: { hook: 'prestart', isSidecar: true } }),
    ],
  })

/** Messages of the desired state go out only over a link that is up, as a server's would. */
const tell = (bench: AgentBench, desired: DesiredAllocation): void => {
  if (bench.server.isConnected()) bench.server.desire([desired])
}

const befall = async (bench: AgentBench, desired: Map<number, DesiredAllocation>, mishap: Mishap): Promise<void> => {
  switch (mishap.kind) {
    case 'pass':
      await bench.clock.advance(mishap.ms)
      return
    case 'run': {
      if (desired.has(mishap.number)) return
      desired.set(mishap.number, wanted(mishap.number))
      tell(bench, wanted(mishap.number))
      return
    }
    case 'stop': {
      const one = desired.get(mishap.number)
      if (one === undefined) return
      desired.set(mishap.number, { ...one, desired: 'stop' })
      tell(bench, { ...one, job: null, desired: 'stop' })
      return
    }
    case 'cut':
      bench.server.cut()
      return
    case 'refuse':
      bench.server.refuseDials(mishap.isOn)
      return
    case 'withhold':
      bench.server.withholdAcks(mishap.isOn)
      return
    case 'forget':
      bench.server.fallSilent(mishap.isOn)
      return
    case 'crash':
      bench.agent().crash()
      if (mishap.losesTasks) bench.world.loseTasks()
      await settle()
      await bench.startAgent()
      return
    case 'kill-task':
      bench.world.signal(bench.world.running()[0] ?? '', 9)
  }
}

const order = (report: TaskReport): number => report.startNumber * 3 + { pending: 0, running: 1, dead: 2 }[report.phase]

/** What servers fold: reports of a boot in the order of their sequence. */
const checkReports = (bench: AgentBench): void => {
  const seen = new Map<string, number>()
  let last = 0
  for (const report of bench.server.reports()) {
    expect(report.sequence).toBe(last + 1)
    last = report.sequence
    for (const allocation of report.allocations) {
      for (const task of allocation.tasks) {
        const key = `${allocation.allocationId}/${task.task}`
        expect(order(task)).toBeGreaterThanOrEqual(seen.get(key) ?? 0)
        seen.set(key, order(task))
      }
    }
  }
}

const checkWorld = (bench: AgentBench): void => {
  const tasks = bench.world.running().map(id => id.slice(0, id.lastIndexOf('/')))
  expect(new Set(tasks).size).toBe(tasks.length)
}

const checkRest = (bench: AgentBench, desired: ReadonlyMap<number, DesiredAllocation>): void => {
  const expected = [...desired.values()].flatMap(one =>
    one.desired === 'run' ? [`${one.allocationId}/side`, `${one.allocationId}/web`] : [],
  )
  const running = bench.world.running().map(id => id.slice(0, id.lastIndexOf('/')))
  expect(running.toSorted()).toEqual(expected.toSorted())
  for (const one of desired.values()) {
    for (const task of ['web', 'side']) {
      const report = bench.server.task(one.allocationId, task)
      expect(report?.phase).toBe(one.desired === 'run' ? 'running' : 'dead')
      const starts = bench.server.eventTypes(one.allocationId, task).filter(type => type === 'Started')
      // Every start was told once: none is lost with a report, none comes twice with its repetition.
      if (one.desired === 'run') expect(starts).toHaveLength(report?.startNumber ?? 0)
      else expect(starts.length).toBeLessThanOrEqual(report?.startNumber ?? 0)
    }
  }
}

describe('a client agent whatever befalls it', () => {
  it('never runs a task twice, never goes back, and ends with what is wanted and all of it told', async () => {
    await fc.assert(
      fc.asyncProperty(mishaps, async list => {
        const bench = createAgentBench()
        const desired = new Map<number, DesiredAllocation>()
        bench.server.welcomeWith(() => [...desired.values()])
        await bench.startAgent()
        for (const mishap of list) {
          await befall(bench, desired, mishap)
          checkWorld(bench)
        }
        bench.server.refuseDials(false)
        bench.server.withholdAcks(false)
        bench.server.fallSilent(false)
        bench.server.cut()
        await bench.clock.advance(60_000)
        checkReports(bench)
        checkWorld(bench)
        checkRest(bench, desired)
        bench.agent().crash()
      }),
      { numRuns: 60 },
    )
  })
})
