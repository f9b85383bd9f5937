import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Changes, ClusterState } from '../../../src/domain/cluster/index.ts'
import { type At, OPEN } from '../../../src/projections/interval.ts'
import type { Views } from '../../../src/projections/queries/views.ts'
import { openReadModel } from '../../support/history.ts'
import { historyOf, randomSteps } from '../../support/random-history.ts'

const MAX_STEPS = 40

test('what held at a position equals a fresh replay up to it', () => {
  fc.assert(
    fc.property(randomSteps(MAX_STEPS), fc.nat(), (steps, chance) => {
      const events = historyOf(steps)
      const until = chance % events.length
      const whole = openReadModel()
      whole.follow(events)
      const part = openReadModel()
      part.follow(events.slice(0, until + 1))
      // The rows that are open now: those of a past moment would hide what is closed too late.
      expect(whole.model.dumpAt(until)).toEqual(part.model.dumpAt(OPEN - 1))
      whole.model.close()
      part.model.close()
    }),
    { numRuns: 40 },
  )
})

const everything = { first: 1_000, cursor: null }

/** Everything that queries answer at a moment, without the moment itself. */
const answersAt = (views: Views, at: At): unknown => {
  const jobs = views.jobs.list({ namespace: null }, everything, at).rows
  const answers = {
    jobs: jobs.map(job => ({
      job,
      spec: views.specOf(job.versionKey),
      versions: views.jobs.versions(job, 100),
      launched: views.jobs.launched(job, everything).rows,
      children: views.jobs.countLaunched(job),
      counts: views.counts.byGroup(job),
      queued: views.counts.queued(job),
      failure: views.evaluations.latestFailure(job),
      running: views.allocations.list({ namespace: 'default', jobKey: job.key, status: 'running' }, everything, at),
    })),
    allocations: views.allocations.list({ namespace: null }, everything, at).rows.map(allocation => ({
      allocation,
      events: views.taskEvents(allocation.key, 'server', at, 50),
      again: views.allocations.get(allocation.id, at),
    })),
    failed: views.allocations.list({ namespace: null, status: 'failed' }, everything, at),
    evaluations: views.evaluations.list({ namespace: null }, everything, at).rows.map(evaluation => ({
      evaluation,
      related: views.evaluations.related(evaluation),
      placed: views.allocations.list({ namespace: null, evaluationId: evaluation.id }, everything, at),
    })),
    deployments: views.deployments.list({ namespace: null }, everything, at),
    nodes: views.nodes.list({}, everything, at).rows.map(node => ({ node, held: views.counts.heldOn(node.key, at) })),
    services: views.services
      .list({ namespace: null }, everything, at)
      .rows.map(service => views.services.instances(service)),
    found: views.search('allocation', { prefix: '', namespace: 'default', at, limit: 100 }),
  }
  return JSON.parse(
    JSON.stringify(answers, (key, value: unknown) => (key === 'at' && value === at ? undefined : value)),
  )
}

test('every query at a position answers as it did when the log ended there', () => {
  fc.assert(
    fc.property(randomSteps(MAX_STEPS), fc.nat(), (steps, chance) => {
      const events = historyOf(steps)
      const until = chance % (events.length - 1)
      const whole = openReadModel()
      whole.follow(events)
      const part = openReadModel()
      part.follow(events.slice(0, until + 1))
      expect(answersAt(whole.model.views, until)).toEqual(answersAt(part.model.views, 'now'))
      whole.model.close()
      part.model.close()
    }),
    { numRuns: 25 },
  )
})

test('a read model that was closed anywhere and opened again equals one that followed without a break', () => {
  fc.assert(
    fc.property(randomSteps(MAX_STEPS), fc.nat(), (steps, chance) => {
      const events = historyOf(steps)
      const folder = mkdtempSync(join(tmpdir(), 'muster-views-'))
      try {
        const path = join(folder, 'views.db')
        const before = openReadModel(path)
        before.follow(events.slice(0, chance % events.length))
        before.model.close()
        const after = openReadModel(path)
        after.follow(events)
        const straight = openReadModel()
        straight.follow(events)
        expect(after.model.dump()).toEqual(straight.model.dump())
        after.model.close()
        straight.model.close()
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    }),
    { numRuns: 10 },
  )
})

test('batches of any size give the same rows', () => {
  fc.assert(
    fc.property(randomSteps(MAX_STEPS), fc.integer({ min: 1, max: 7 }), (steps, size) => {
      const events = historyOf(steps)
      const one = openReadModel()
      one.follow(events)
      const many = openReadModel()
      for (let from = 0; from < events.length; from += size) many.follow(events.slice(from, from + size))
      expect(many.model.dump()).toEqual(one.model.dump())
      one.model.close()
      many.model.close()
    }),
    { numRuns: 12 },
  )
})

test('the changes after a position are the same whether they are read at once or bit by bit', () => {
  fc.assert(
    fc.property(randomSteps(MAX_STEPS), fc.nat(), (steps, chance) => {
      const events = historyOf(steps)
      const cut = chance % events.length
      const whole = openReadModel()
      whole.follow(events)
      const live = openReadModel()
      live.follow(events.slice(0, cut))
      const first = live.model.views.changes.after('allocation', -1, 10_000)
      live.follow(events.slice(cut))
      const rest = live.model.views.changes.after('allocation', cut - 1, 10_000)
      expect([...first, ...rest]).toEqual(whole.model.views.changes.after('allocation', -1, 10_000))
      whole.model.close()
      live.model.close()
    }),
    { numRuns: 12 },
  )
})

const everythingIn = (state: ClusterState): Changes => ({
  jobs: new Set(state.jobs.keys()),
  nodes: new Set(state.nodes.keys()),
  allocations: new Set(state.allocations.keys()),
  evaluations: new Set(state.evaluations.keys()),
  deployments: new Set(state.deployments.keys()),
  services: new Set(state.services.keys()),
})

test('the open rows are what the state says: no event changes something without naming it', () => {
  fc.assert(
    fc.property(randomSteps(MAX_STEPS), steps => {
      const events = historyOf(steps)
      const last = events.at(-1)
      if (last === undefined) return
      const { model, state, follow } = openReadModel()
      follow(events)
      const before = model.dumpAt(last.position)
      const position = last.position + 1
      const data = { epoch: 1, address: '127.0.0.1' }
      model.apply({ ...last, type: 'LeadershipTaken', data, position, id: 'next' }, state, everythingIn(state))
      model.endBatch(position)
      expect(model.dumpAt(position)).toEqual(before)
      model.close()
    }),
    { numRuns: 30 },
  )
})
