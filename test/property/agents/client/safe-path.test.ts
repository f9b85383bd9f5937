import { join, normalize } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_PATH_COMPONENTS } from '../../../../src/agents/client/limits.ts'
import { componentsBelow } from '../../../../src/agents/client/safe-path.ts'

const pieces = fc.array(fc.constantFrom('a', 'b', '..', '.', '', 'c d', '...', '~'), { maxLength: 8 })
const paths = fc
  .tuple(fc.constantFrom('', '/', '/root/alloc/', '/root/alloc', '/root/other/'), pieces)
  .map(([start, parts]) => start + parts.join('/'))

describe('a path that a job names', () => {
  it('gives components that stay below the root, or is refused', () => {
    fc.assert(
      fc.property(paths, path => {
        let components: readonly string[]
        try {
          components = componentsBelow('/root/alloc', path)
        } catch (error) {
          expect(error).toMatchObject({ code: 'REQUEST_REFUSED' })
          return
        }
        const landed = normalize(join('/root/alloc', ...components))
        expect(landed === '/root/alloc' || landed.startsWith('/root/alloc/')).toBe(true)
        for (const component of components) expect(['', '.', '..']).not.toContain(component)
      }),
      { numRuns: 500 },
    )
  })

  it('may have so many components and no more', () => {
    const deep = (count: number): string => Array.from({ length: count }, () => 'x').join('/')
    expect(componentsBelow('/r', deep(MAX_PATH_COMPONENTS))).toHaveLength(MAX_PATH_COMPONENTS)
    expect(() => componentsBelow('/r', deep(MAX_PATH_COMPONENTS + 1))).toThrow(/more than/)
  })
})
