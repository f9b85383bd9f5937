import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tableOf } from '../support/documents.ts'
import { readText, root } from '../support/source-tree.ts'

type Named = { readonly path: string; readonly test: string }

/** `path` "name" pairs; a name may be cut at either end. */
const namedIn = (cell: string): readonly Named[] =>
  Array.from(cell.matchAll(/`([^`]+)` "([^"]+)"/g), match => ({ path: match[1] ?? '', test: match[2] ?? '' }))

/** The names of a file's tests and suites, as they stand there. */
const testsIn = (path: string): string =>
  Array.from(
    readText(path).matchAll(/\b(?:it|test|describe|when\(.*?\))(?:\.each\([\s\S]*?\])?\)?\(\s*(['`])([\s\S]*?)\1,/g),
  )
    .map(match => match[2] ?? '')
    .join('\n')

const missing = (named: readonly Named[]): readonly string[] =>
  named.flatMap(({ path, test }) =>
    existsSync(join(root, path)) && testsIn(path).includes(test) ? [] : [`${path}: ${test}`],
  )

describe('docs/reliability.md', () => {
  const rows = tableOf(readText('docs/reliability.md'), 'fault')

  it('names a test for every fault', () => {
    expect(rows.length).toBeGreaterThan(10)
    expect(rows.filter(([, , shown = '']) => namedIn(shown).length === 0)).toEqual([])
  })

  it('names no test that does not exist', () => {
    expect(missing(rows.flatMap(([, , shown = '']) => namedIn(shown)))).toEqual([])
  })

  it('would be caught naming one', () => {
    const planted = [
      { path: 'test/e2e/kill.test.ts', test: 'loses everything' },
      { path: 'test/e2e/nothing.test.ts', test: 'is' },
    ]
    expect(missing(planted)).toHaveLength(2)
  })
})
