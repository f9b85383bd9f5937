/** What goes to the gate's worker, and what comes back. One request is under way at a time. */
export type GateRequest = { readonly id: number; readonly source: string }

export type GateReply = { readonly id: number } & (
  | { readonly kind: 'accepted'; readonly json: string }
  | { readonly kind: 'refused'; readonly message: string }
)
