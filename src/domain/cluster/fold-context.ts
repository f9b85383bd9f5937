import type { DomainEvent, Recorded } from '../events.ts'
import type { Changes, ClusterState } from './state.ts'

export type FoldContext = { readonly state: ClusterState; readonly changes: Changes }
export type Fold<E extends DomainEvent> = (context: FoldContext, event: Recorded<E>) => void
