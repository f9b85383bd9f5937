/**
 * A process that appends to a durable event store until it is killed, many appends in flight, and prints one line for
 * each event once it is acknowledged: `<id> <stream>@<revision>`. Arguments: the store's name in the registry, its place.
 */
import { writeSync } from 'node:fs'
import type { StoreKind } from '../../src/eventstore/registry.ts'
import { eventStores } from '../../src/eventstore/registry.ts'
import { isAppError } from '../../src/platform/errors.ts'
import { newEvents } from './eventstore.ts'

const [name = '', place = ''] = process.argv.slice(2)
const kind = Object.entries<StoreKind>(eventStores).find(([known]) => known === name)?.[1]
if (!kind) throw new Error(`there is no event store "${name}"`)

try {
  const store = await kind.open(place)
  const write = async (stream: string): Promise<never> => {
    for (;;) {
      const events = newEvents(3)
      const result = await store.append(stream, 'any', events)
      if (result.kind !== 'appended') throw new Error('an append at any revision conflicted')
      for (const [index, { id }] of events.entries()) {
        const behind = events.length - 1 - index
        writeSync(1, `${id} ${stream}@${result.revision - behind}\n`)
      }
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, index) => write(`job-${index}`)))
} catch (error) {
  writeSync(1, isAppError(error) ? `${error.code}: ${error.message}\n` : `${String(error)}\n`)
}
