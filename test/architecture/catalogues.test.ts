import { describe, expect, it } from 'vitest'
import { schemaOf } from '../../src/domain/events.ts'
import { errorCatalogue } from '../../src/platform/errors.ts'
import { readText, readTree } from '../support/source-tree.ts'

/** Names that head a row of a table: `| \`NAME\` |`. */
const namesIn = (text: string): ReadonlySet<string> =>
  new Set(Array.from(text.matchAll(/^\|\s*`([A-Za-z_]+)`/gm), match => match[1] ?? ''))

/** Codes of refusals: those of the unions in `rejections.ts`, those that commands give directly, and the command line's own. */
const rejectionCodes = (): ReadonlySet<string> => {
  const files = readTree('src')
  const unions = files
    .filter(file => /rejection|^src\/(?:cli|api)\//i.test(file.path))
    .flatMap(file => Array.from(file.text.matchAll(/code: '([A-Z_]+)'/g)))
  const direct = files.flatMap(file => Array.from(file.text.matchAll(/\breject\('([A-Z_]+)'/g)))
  return new Set([...unions, ...direct].map(match => match[1] ?? ''))
}

describe('docs/errors.md', () => {
  const documented = namesIn(readText('docs/errors.md'))

  it('describes every error and rejection code', () => {
    const codes = [...Object.keys(errorCatalogue), ...rejectionCodes()]
    expect(codes.length).toBeGreaterThan(30)
    expect(codes.filter(code => !documented.has(code))).toEqual([])
  })

  it('describes no code that does not exist', () => {
    const codes = new Set([...Object.keys(errorCatalogue), ...rejectionCodes()])
    expect(Array.from(documented).filter(code => !codes.has(code))).toEqual([])
  })

  it('leaves no code of the catalogue that nothing throws', () => {
    const thrown = readTree('src')
      .filter(file => file.path !== 'src/platform/errors.ts')
      .map(file => file.text)
      .join('\n')
    expect(Object.keys(errorCatalogue).filter(code => !thrown.includes(`'${code}'`))).toEqual([])
  })
})

describe('docs/events.md', () => {
  const documented = namesIn(readText('docs/events.md'))

  it('describes every event', () => {
    expect(Object.keys(schemaOf).filter(type => !documented.has(type))).toEqual([])
  })

  it('describes no event that does not exist', () => {
    expect(Array.from(documented).filter(type => !Object.hasOwn(schemaOf, type))).toEqual([])
  })
})
