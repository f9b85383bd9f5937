import type { StoreKind } from '../../src/eventstore/registry.ts'
import { eventStores } from '../../src/eventstore/registry.ts'
import { durableStoreContract, eventStoreContract } from './eventstore.contract.ts'

for (const [name, kind] of Object.entries<StoreKind>(eventStores)) {
  eventStoreContract(name, kind.open)
  if (kind.isDurable) durableStoreContract(name, kind.open)
}
