import type { StoreKind } from '../../src/eventstore/registry.ts'
import { eventStores } from '../../src/eventstore/registry.ts'
import { eventStoreContract } from './eventstore.contract.ts'

for (const [name, kind] of Object.entries<StoreKind>(eventStores)) {
  eventStoreContract(name, kind.open)
}
