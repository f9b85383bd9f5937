import { buildSchema, parse } from 'graphql/index.js'
import { describe, expect, it } from 'vitest'
import type { ApiContext } from '../../../../src/api/context.ts'
import { checkCost } from '../../../../src/api/graphql/document-rules.ts'
import {
  ASSUMED_LIST_SIZE,
  DEFAULT_PAGE_SIZE,
  MAX_COST,
  MAX_PAGE_SIZE,
  MAX_USAGE_ASKED,
  USAGE_TIMEOUT_MS,
  VIEW_WAIT_MS,
} from '../../../../src/api/graphql/limits.ts'
import { pageOf } from '../../../../src/api/graphql/paging.ts'
import { readView } from '../../../../src/api/graphql/read-view.ts'
import { createUsageAsker } from '../../../../src/api/graphql/resolvers/usage.ts'
import { AppError } from '../../../../src/platform/errors.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { IN_MEMORY } from '../../../../src/projections/database.ts'
import type { AllocationRow } from '../../../../src/projections/queries/allocations.ts'
import type { NodeRow } from '../../../../src/projections/queries/nodes.ts'
import { createReadModel } from '../../../../src/projections/runner.ts'
import type { LinkAnswer } from '../../../../src/protocol/client-link.ts'
import type { TaskUsage } from '../../../../src/protocol/usage.ts'
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
  const web = { cpuMhz: 7.6, memoryBytes: 9 } as TaskUsage
  const known = { tasks: [{ task: 'web', ...web }], unknownBecause: null }

  const ask = (
    answersAfterMs: number,
    answer: LinkAnswer = { kind: 'stats', tasks: { web }, unknown: {} },
    rows: readonly AllocationRow[] = [row],
  ) => {
    const clock = createManualClock()
    const outcomes: unknown[] = []
    async function* askNode(...[, , signal]: Parameters<ApiContext['askNode']>): AsyncGenerator<LinkAnswer> {
      await new Promise<void>(resolve => {
        clock.after(answersAfterMs, resolve)
        signal.addEventListener('abort', () => resolve())
      })
      if (!signal.aborted) yield answer
    }
    const asker = createUsageAsker({ clock, askNode } as unknown as ApiContext)
    for (const each of rows) void asker.ofAllocation(each).then(usage => outcomes.push(usage))
    return { clock, outcomes }
  }

  const nothing = (unknownBecause: string) => ({ tasks: [], unknownBecause })

  it('is told by a node that answers in time', async () => {
    const { clock, outcomes } = ask(USAGE_TIMEOUT_MS - 1)
    await clock.advance(USAGE_TIMEOUT_MS - 1)
    expect(outcomes).toEqual([known])
  })

  it.each([USAGE_TIMEOUT_MS, USAGE_TIMEOUT_MS + 1])('is not known from a node that needs %i ms', async ms => {
    const { clock, outcomes } = ask(ms)
    await clock.advance(USAGE_TIMEOUT_MS - 1)
    expect(outcomes).toEqual([])
    await clock.advance(2)
    expect(outcomes).toEqual([nothing(`the node did not answer within ${USAGE_TIMEOUT_MS} ms`)])
  })

  it.each([
    [MAX_USAGE_ASKED - 1, 0],
    [MAX_USAGE_ASKED, 0],
    [MAX_USAGE_ASKED + 1, 1],
  ])('is asked for %i times at once, and %i times refused', async (count, refused) => {
    const rows = Array.from({ length: count }, () => row)
    const { clock, outcomes } = ask(10, undefined, rows)
    await clock.advance(0)
    expect(outcomes).toEqual(
      Array.from({ length: refused }, () =>
        nothing(`${MAX_USAGE_ASKED} nodes and allocations are being asked already`),
      ),
    )
    await clock.advance(10)
    expect(outcomes.filter(outcome => JSON.stringify(outcome) === JSON.stringify(known))).toHaveLength(count - refused)
  })

  it('that cannot be known is said to be so, and why', async () => {
    const outcomeOf = async (answer: LinkAnswer, changes: Partial<AllocationRow> = {}): Promise<unknown> => {
      const { clock, outcomes } = ask(1, answer, [{ ...row, ...changes }])
      await clock.advance(1)
      return outcomes[0]
    }
    const answer = { kind: 'stats', tasks: {}, unknown: { db: 'the daemon is away', app: 'no ability' } } as const
    expect(await outcomeOf(answer)).toEqual(nothing('task "app": no ability; task "db": the daemon is away'))
    expect(await outcomeOf({ kind: 'error', code: 'NOT_FOUND', message: 'not held here' })).toEqual(
      nothing('not held here'),
    )
    expect(await outcomeOf(answer, { clientStatus: 'complete' })).toEqual(nothing('the allocation does not run'))
    expect(await outcomeOf(answer, { at: 7 })).toEqual(nothing('what was used in the past is not kept'))
  })

  it('is not known of a node that is not connected, and a bug stays one', async () => {
    const failing = (error: Error) => {
      const askNode = (): never => {
        throw error
      }
      return createUsageAsker({ clock: createManualClock(), askNode } as unknown as ApiContext)
    }
    const away = failing(new AppError('NODE_UNREACHABLE', 'node n is not connected'))
    expect(await away.ofAllocation(row)).toEqual(nothing('node n is not connected'))
    const node = { at: 'now', status: 'ready', id: 'n' } as NodeRow
    expect(await away.ofNode(node)).toEqual({ tasks: null, host: null, unknownBecause: 'node n is not connected' })
    expect(await away.ofNode({ ...node, status: 'down' })).toMatchObject({ unknownBecause: 'the node is down' })
    await expect(failing(new Error('a bug')).ofAllocation(row)).rejects.toThrow('a bug')
  })
})
