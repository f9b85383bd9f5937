import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createMemoryKeyring } from '../../../src/platform/keyring.ts'
import { seededRandom } from '../../../src/platform/random.ts'
import { createSealer } from '../../../src/platform/sealing.ts'

const sealerOf = (seed: number) => {
  const random = seededRandom(seed)
  return createSealer({ keyring: createMemoryKeyring(random), random })
}

/** Text without lone surrogates, which UTF-8 cannot carry. */
const text = fc.string({ unit: 'grapheme', maxLength: 200 })

test('what is sealed opens to what it was, in its namespace only', () => {
  fc.assert(
    fc.property(fc.nat(), text, text, text, (seed, namespace, other, clear) => {
      fc.pre(namespace !== other)
      const sealer = sealerOf(seed)
      const { sealed, digest } = sealer.seal(namespace, clear)
      sealer.seal(other, clear)
      expect(sealer.open(namespace, sealed)).toBe(clear)
      expect(sealer.open(other, sealed)).toBeNull()
      expect(sealer.digest(namespace, clear)).toBe(digest)
      expect(sealer.digest(other, clear)).not.toBe(digest)
    }),
    { numRuns: 200 },
  )
})

test('digests are equal just where values are', () => {
  const sealer = sealerOf(1)
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(sealer.seal('default', a).digest === sealer.seal('default', b).digest).toBe(a === b)
    }),
    { numRuns: 200 },
  )
})

test('a sealed value of which any character was changed does not open', () => {
  const sealer = sealerOf(2)
  fc.assert(
    fc.property(text, fc.nat(), fc.constantFrom('0', 'a', 'Z', '/', '+', ':', '='), (clear, at, character) => {
      const { sealed } = sealer.seal('default', clear)
      const index = at % sealed.length
      const changed = sealed.slice(0, index) + character + sealed.slice(index + 1)
      fc.pre(changed !== sealed)
      expect(sealer.open('default', changed)).toBeNull()
    }),
    { numRuns: 500 },
  )
})

test('whatever is handed in to be opened, nothing is thrown', () => {
  const sealer = sealerOf(3)
  sealer.seal('default', 'x')
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(fc.base64String(), { maxLength: 6 }).map(parts => parts.join(':')),
      ),
      junk => {
        expect(sealer.open('default', junk)).toBeNull()
      },
    ),
    { numRuns: 300 },
  )
})
