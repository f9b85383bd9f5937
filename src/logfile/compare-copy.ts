import { createHash } from 'node:crypto'
import { categoryOf, type EventStore } from '../eventstore/port.ts'
import { AppError } from '../platform/errors.ts'
import { type Copied, digestEvent } from './copy-events.ts'
import { IMPORT_CATEGORY } from './import-mark.ts'

/** Reads back what was written. Throws STORE_CORRUPT if the store holds anything else, or in another order. */
export const compareCopy = async (store: EventStore, { digest, cutStreams }: Copied): Promise<void> => {
  const head = await store.head()
  const hash = createHash('sha256')
  const stop = new AbortController()
  for await (const item of store.subscribe(-1, 'all', stop.signal)) {
    const events = item.kind === 'events' ? item.events : []
    for (const event of events) {
      if (categoryOf(event.stream) === IMPORT_CATEGORY || cutStreams.has(event.stream)) continue
      digestEvent(hash, event)
    }
    if ((item.kind === 'caught-up' ? item.position : (events.at(-1)?.position ?? -1)) >= head) break
  }
  if (hash.digest('hex') === digest) return
  throw new AppError('STORE_CORRUPT', 'the event store does not hold what the import wrote to it', {
    hint: 'see that nobody else writes to it, empty it, and import again',
  })
}
