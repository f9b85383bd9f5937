/**
 * The one contract of event stores (house style 8.7). `eventStoreContract` holds for every adapter and takes no options;
 * `durableStoreContract` for those that say they keep what they acknowledged; of these, one in a directory belongs to one
 * process at a time (`exclusiveStoreContract`), one on a server to many (`sharedStoreContract`).
 */
import { describe } from 'vitest'
import { appending, batches, reading, refusing, repeating } from './eventstore-appending.ts'
import type { Subject } from './eventstore-parts.ts'
import { closing, following, keepingNewest, subscribing } from './eventstore-subscribing.ts'

export { durableStoreContract, exclusiveStoreContract, sharedStoreContract } from './eventstore-durable.ts'

export const eventStoreContract = (name: string, subject: Subject): void => {
  describe(`the ${name} event store`, () => {
    appending(subject)
    repeating(subject)
    batches(subject)
    refusing(subject)
    reading(subject)
    subscribing(subject)
    following(subject)
    keepingNewest(subject)
    closing(subject)
  })
}
