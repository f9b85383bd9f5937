import { createHash } from 'node:crypto'
import { expect, it } from 'vitest'
import { createOpener, createSourceStore, sealValues } from '../../../src/app/source-store.ts'
import { MAX_INLINE_SEALED_BYTES } from '../../../src/domain/limits.ts'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import { createMemoryKeyring } from '../../../src/platform/keyring.ts'
import { seededRandom } from '../../../src/platform/random.ts'
import { createSealer } from '../../../src/platform/sealing.ts'
import { T0 } from '../../support/builders.ts'

const random = seededRandom(3)
const sealer = createSealer({ keyring: createMemoryKeyring(random), random })

const sealed = async (clear: string) => {
  const store = createMemoryStore()
  const sources = createSourceStore(store, sealer)
  const batch = sealValues(sources, sealer, 'default', T0)
  const value = batch.seal(clear)
  await batch.flush()
  const opened = await createOpener(sources, sealer)('default', value)
  const head = await store.head()
  await store.close()
  return { isInline: 'sealed' in value, opened, head }
}

it.each([MAX_INLINE_SEALED_BYTES - 1, MAX_INLINE_SEALED_BYTES])(
  'a value of %i bytes is sealed in place',
  async bytes => {
    const clear = 'v'.repeat(bytes)
    expect(await sealed(clear)).toEqual({ isInline: true, opened: clear, head: -1 })
  },
)

it('a value of one byte more stands in a stream of its own, and is opened all the same', async () => {
  const clear = `${'v'.repeat(MAX_INLINE_SEALED_BYTES - 1)}ä`
  expect(await sealed(clear)).toEqual({ isInline: false, opened: clear, head: 0 })
})

/** A text that stays larger than a chunk when it is packed, and is the same each time. */
const bulky = (): string =>
  Array.from({ length: 10_000 }, (_, index) => createHash('sha512').update(String(index)).digest('base64')).join('')

it.each([1, 2])(
  'a text whose writer was cut off after %i chunks is whole once it is written again',
  async committed => {
    let appends = 0
    const store = createMemoryStore({ commitBatch: () => (appends++ === committed ? 0 : 'all') })
    const sources = createSourceStore(store, sealer)
    const text = bulky()
    await expect(sources.put('default', text, T0)).rejects.toThrow('was cut off')
    const stream = await sources.put('default', text, T0 + 1)
    expect(await sources.get('default', stream)).toBe(text)
    const head = await store.head()
    expect(await sources.put('default', text, T0 + 2)).toBe(stream)
    expect(await store.head()).toBe(head)
    await store.close()
  },
)

it('two who write the same text at once do not mix their sealings', async () => {
  const store = createMemoryStore()
  const sources = createSourceStore(store, sealer)
  const text = bulky()
  const [stream] = await Promise.all([sources.put('default', text, T0), sources.put('default', text, T0)])
  expect(await sources.get('default', stream)).toBe(text)
  await store.close()
})
