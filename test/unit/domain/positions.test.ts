import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Json } from '../../../src/domain/json.ts'
import { newestPositionIn, positionFields, translatePositions } from '../../../src/domain/positions.ts'
import { parseHistory } from '../../histories/fold-history.ts'
import { historyOf, randomSteps } from '../../support/random-history.ts'
import { readTree, root } from '../../support/source-tree.ts'

/** Fields that are named for a position, each by the type that declares it. */
const declaredIn = (text: string): readonly string[] => {
  const names: string[] = []
  let type = ''
  for (const line of text.split('\n')) {
    type = /^export type (\w+)/.exec(line)?.[1] ?? type
    for (const [, field = ''] of line.matchAll(/readonly (\w*position\w*)\??:/gi)) names.push(`${type}.${field}`)
  }
  return names
}

/** Every path to a field that is named for a position, in the form of the table. */
const pathsIn = (value: Json, path: readonly string[] = []): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((entry: Json) => pathsIn(entry, [...path, '[]']))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, entry]) => {
    const own = [...path, name]
    return /position/i.test(name) ? [own.join('.')] : pathsIn(entry, own)
  })
}

const known = Object.entries(positionFields).flatMap(([type, paths]) => paths.map(path => `${type}: ${path.join('.')}`))

describe('the table of positions in events', () => {
  it('knows every field of an event that is named for one', () => {
    const files = readTree('src/domain').filter(({ path }) => /\/(?:events|schema)\.ts$/.test(path))
    expect(files.length).toBeGreaterThan(4)
    // A field that is new here needs an entry in the table: a log could not be carried to another store without it.
    // `Recorded.position` is the event's own, which each store gives anew.
    expect(files.flatMap(({ text }) => declaredIn(text))).toEqual([
      'Basis.position',
      'Collected.position',
      'Recorded.position',
    ])
    expect(known).toEqual(['PlanCommitted: basis.position', 'Collected: items.[].position'])
  })

  it('would notice a field that is new', () => {
    expect(declaredIn('export type Seen = {\n  readonly lastPosition?: number\n}')).toEqual(['Seen.lastPosition'])
  })

  it('has every position that stands in recorded and in random events, and no other', () => {
    const recorded = parseHistory(readFileSync(join(root, 'test/histories/0.1.0.jsonl'), 'utf8'))
    const random = fc.sample(randomSteps(200), { numRuns: 5, seed: 1 }).flatMap(historyOf)
    const found = [...recorded, ...random].flatMap(({ type, data }) => pathsIn(data).map(path => `${type}: ${path}`))
    expect(Array.from(new Set(found)).toSorted()).toEqual(known.toSorted())
  })
})

describe('positions in events', () => {
  const plan: Json = { evaluationId: 'e', basis: { position: 7, now: 1 } }
  const collected: Json = {
    items: [
      { id: 'a', position: 3 },
      { id: 'b', position: 9 },
    ],
  }

  it('are translated where the table says, and nothing else is touched', () => {
    const translate = (position: number): number => position * 10
    expect(translatePositions('PlanCommitted', plan, translate)).toEqual({
      evaluationId: 'e',
      basis: { position: 70, now: 1 },
    })
    expect(translatePositions('Collected', collected, translate)).toEqual({
      items: [
        { id: 'a', position: 30 },
        { id: 'b', position: 90 },
      ],
    })
    expect(translatePositions('JobStopped', plan, translate)).toBe(plan)
    expect(translatePositions('constructor', plan, translate)).toBe(plan)
    for (const odd of [null, 1, [], {}, { basis: null }, { items: 'x', basis: { position: 'x' } }] as const)
      for (const type of ['PlanCommitted', 'Collected']) expect(translatePositions(type, odd, translate)).toEqual(odd)
  })

  it('are looked through for the newest', () => {
    expect(newestPositionIn('Collected', collected)).toBe(9)
    expect(newestPositionIn('PlanCommitted', plan)).toBe(7)
    expect(newestPositionIn('PlanCommitted', {})).toBe(-1)
    expect(newestPositionIn('JobStopped', plan)).toBe(-1)
  })
})
