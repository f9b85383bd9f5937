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
