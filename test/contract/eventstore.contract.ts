/**
 * The one contract of event stores (house style 8.7). `eventStoreContract` holds for every adapter and takes no options;
 * `durableStoreContract` for those that say they keep what they acknowledged.
 */
import { describe } from 'vitest'
import { appending, batches, reading, refusing, repeating } from './eventstore-appending.ts'
import type { Open } from './eventstore-parts.ts'
import { closing, following, keepingNewest, subscribing } from './eventstore-subscribing.ts'

export { durableStoreContract } from './eventstore-durable.ts'

export const eventStoreContract = (name: string, open: Open): void => {
  describe(`the ${name} event store`, () => {
    appending(open)
    repeating(open)
    batches(open)
    refusing(open)
    reading(open)
    subscribing(open)
    following(open)
    keepingNewest(open)
    closing(open)
  })
}
