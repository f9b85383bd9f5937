import type { StoreKind } from '../../src/eventstore/registry.ts'
import { eventStores } from '../../src/eventstore/registry.ts'
import { newPlace } from '../support/eventstore-places.ts'
import {
  durableStoreContract,
  eventStoreContract,
  exclusiveStoreContract,
  sharedStoreContract,
} from './eventstore.contract.ts'

for (const [name, kind] of Object.entries<StoreKind>(eventStores)) {
  const subject = { newPlace: () => newPlace(kind.place), open: kind.open }
  eventStoreContract(name, subject)
  if (!kind.isDurable) continue
  durableStoreContract(name, subject)
  if (kind.place === 'directory') exclusiveStoreContract(name, subject)
  else sharedStoreContract(name, subject)
}
