/**
 * `unavailable`: the node is not among those that the job may use at all, and is not counted as evaluated. `filtered`: it
 * is unfit for the group. `exhausted`: it is fit, but has no room now.
 */
export type RefusalKind = 'unavailable' | 'filtered' | 'exhausted'

/** Why one node cannot take one group. Made once per request and shared by all nodes that are refused alike. */
export type Refusal = {
  readonly check: string
  readonly kind: RefusalKind
  /** As it is counted and shown: `missing drivers`, `${attr.kernel.name} = linux`, `memory`. */
  readonly reason: string
  /** What would lift it, where `nodes` nodes are refused for it: "a node with driver docker". */
  readonly needs: (nodes: number) => string
}
