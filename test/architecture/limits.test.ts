import { describe, expect, it } from 'vitest'
import { readTree, type SourceFile } from '../support/source-tree.ts'

/** Where the bounds stand that more than one room, or a user, meets (I11). */
const places = [
  'src/domain/limits.ts',
  'src/eventstore/port.ts',
  'src/protocol/client-link.ts',
  'src/api/graphql/limits.ts',
  'src/config/limits.ts',
] as const

/** Bounds that nothing reads yet, with the reason; one that is read must leave this list and be tested. */
const unread: Readonly<Record<string, string>> = {
  MAX_PLAN_ATTEMPTS: 'the leader is the one who places, so no plan is refused and tried again (docs/adr/0002)',
}

const sources = readTree('src')
/** What tests share proves nothing by itself. */
const tests = readTree('test').filter(file => !/^test\/(?:architecture|support)\//.test(file.path))

const limitsIn = (file: SourceFile): readonly string[] =>
  Array.from(file.text.matchAll(/^export const ([A-Z][A-Z0-9_]+) =/gm), match => match[1] ?? '')

const names = (file: SourceFile, limit: string): boolean => new RegExp(`\\b${limit}\\b`).test(file.text)
const limits = sources.filter(file => places.some(place => place === file.path)).flatMap(limitsIn)
const withoutTest = (all: readonly string[]): readonly string[] =>
  all.filter(limit => !tests.some(file => names(file, limit)))

describe('limits', () => {
  it('were found', () => {
    expect(limits.length).toBeGreaterThan(45)
  })

  it('have a test each', () => {
    expect(withoutTest(limits)).toEqual(Object.keys(unread))
  })

  it('would be noticed without a test', () => {
    expect(withoutTest(['MAX_DEPTH', 'MAX_NEVER_TESTED'])).toEqual(['MAX_NEVER_TESTED'])
  })

  it('are kept somewhere, not only named', () => {
    const readers = (limit: string): number => sources.filter(file => names(file, limit)).length
    expect(limits.filter(limit => readers(limit) < 2)).toEqual([])
  })
})
