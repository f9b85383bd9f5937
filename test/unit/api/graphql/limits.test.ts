import { buildSchema, parse } from 'graphql/index.js'
import { describe, expect, it } from 'vitest'
import type { ApiContext } from '../../../../src/api/context.ts'
import { checkCost } from '../../../../src/api/graphql/document-rules.ts'
import {
  ASSUMED_LIST_SIZE,
  DEFAULT_PAGE_SIZE,
  MAX_COST,
  MAX_PAGE_SIZE,
  USAGE_TIMEOUT_MS,
  VIEW_WAIT_MS,
} from '../../../../src/api/graphql/limits.ts'
import { pageOf } from '../../../../src/api/graphql/paging.ts'
import { readView } from '../../../../src/api/graphql/read-view.ts'
import { usageOf } from '../../../../src/api/graphql/resolvers/usage.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { IN_MEMORY } from '../../../../src/projections/database.ts'
import type { AllocationRow } from '../../../../src/projections/queries/allocations.ts'
import { createReadModel } from '../../../../src/projections/runner.ts'
import { createManualClock } from '../../../support/manual-clock.ts'

describe('a page', () => {
  it('has the default size when none is given', () => {
    expect(pageOf({}).first).toBe(DEFAULT_PAGE_SIZE)
    expect(pageOf({ first: null }).first).toBe(DEFAULT_PAGE_SIZE)
  })

  it.each([1, MAX_PAGE_SIZE - 1, MAX_PAGE_SIZE])('may have %i entries', first => {
    expect(pageOf({ first }).first).toBe(first)
  })

  it.each([0, -1, MAX_PAGE_SIZE + 1])('may not have %i entries', first => {
    expect(() => pageOf({ first })).toThrow(`a page holds 1 to ${MAX_PAGE_SIZE} entries`)
  })
})

describe('the cost of a document', () => {
  const schema = buildSchema(`
    type Query { items: [Item!]! things(first: Int): ThingConnection! }
    type Item { name: String items: [Item!]! }
    type ThingConnection { nodes: [Thing!]! }
    type Thing { name: String things(first: Int): ThingConnection! }
  `)
  const isTaken = (document: string): boolean => {
    try {
      checkCost(schema, parse(document), {})
      return true
    } catch {
      return false
    }
  }

  it('takes a plain list for as long as is assumed', () => {
    const nested = (depth: number): string => (depth === 0 ? 'name' : `items { ${nested(depth - 1)} }`)
    const costOf = (depth: number): number => (depth === 0 ? 0 : ASSUMED_LIST_SIZE * (1 + costOf(depth - 1)))
    const depths = Array.from({ length: 12 }, (_, index) => index + 1)
    const taken = depths.filter(depth => isTaken(`{ ${nested(depth)} }`))
    expect(taken).toEqual(depths.filter(depth => costOf(depth) <= MAX_COST))
    expect(taken.length).toBeLessThan(depths.length)
  })

  it('takes a page without a size for one of the default size', () => {
    const pages = (first: number): string => `{ things { nodes { things(first: ${first}) { nodes { name } } } } }`
    const largest = Math.floor((MAX_COST - 1) / DEFAULT_PAGE_SIZE) - 2
    expect(isTaken(pages(largest - 1))).toBe(true)
    expect(isTaken(pages(largest))).toBe(true)
    expect(isTaken(pages(largest + 1))).toBe(false)
  })

  it('counts no page for longer than a page may be', () => {
    const pages = (first: number): string =>
      `{ things(first: ${first}) { nodes { items: things(first: 7) { nodes { name } } } } }`
    expect(isTaken(pages(MAX_PAGE_SIZE))).toBe(true)
    expect(isTaken(pages(MAX_PAGE_SIZE * 50))).toBe(true)
  })
})

describe('a query that waits for a position', () => {
  const waitFor = (after: number) => {
    const clock = createManualClock()
    const model = createReadModel({ path: IN_MEMORY, clock, logger: silentLogger })
    const outcomes: unknown[] = []
    void Promise.resolve(readView(model, { after }, () => 'answered')).then(
      answer => outcomes.push(answer),
      error => outcomes.push(error.code),
    )
    return { clock, model, outcomes }
  }

  it('gives up when it has waited for the limit', async () => {
    const { clock, model, outcomes } = waitFor(7)
    await clock.advance(VIEW_WAIT_MS - 1)
    expect(outcomes).toEqual([])
    await clock.advance(1)
    expect(outcomes).toEqual(['VIEW_LAGGING'])
    model.close()
  })

  it('is answered when the position comes just before', async () => {
    const { clock, model, outcomes } = waitFor(7)
    await clock.advance(VIEW_WAIT_MS - 1)
    model.endBatch(7)
    await clock.advance(1)
    expect(outcomes).toEqual(['answered'])
    model.close()
  })
})

describe('what tasks use', () => {
  const row = { at: 'now', clientStatus: 'running', nodeId: 'n', id: 'a' } as AllocationRow

  const ask = (answersAfterMs: number) => {
    const clock = createManualClock()
    const outcomes: unknown[] = []
    async function* askNode(...[, , signal]: Parameters<ApiContext['askNode']>): ReturnType<typeof answers> {
      await new Promise<void>(resolve => {
        clock.after(answersAfterMs, resolve)
        signal.addEventListener('abort', () => resolve())
      })
      if (!signal.aborted) yield* answers()
    }
    async function* answers() {
      yield { kind: 'stats', tasks: { web: { cpuMhz: 7.6, memoryBytes: 9 } } } as const
    }
    const context = { clock, askNode } as unknown as ApiContext
    void usageOf(context, row).then(usage => outcomes.push(usage))
    return { clock, outcomes }
  }

  it('is told by a node that answers in time', async () => {
    const { clock, outcomes } = ask(USAGE_TIMEOUT_MS - 1)
    await clock.advance(USAGE_TIMEOUT_MS - 1)
    expect(outcomes).toEqual([{ tasks: [{ task: 'web', cpuMhz: 8, memoryBytes: 9 }] }])
  })

  it.each([USAGE_TIMEOUT_MS, USAGE_TIMEOUT_MS + 1])('is not known from a node that needs %i ms', async ms => {
    const { clock, outcomes } = ask(ms)
    await clock.advance(USAGE_TIMEOUT_MS - 1)
    expect(outcomes).toEqual([])
    await clock.advance(2)
    expect(outcomes).toEqual([null])
  })
})
