/** What a fake EventStoreDB does wrong, when a test asks it to. */
export type CallFault =
  /** The call ends as if the connection were cut. */
  | { readonly kind: 'cut' }
  /** The server takes it and never says anything. */
  | { readonly kind: 'silence' }
  | { readonly kind: 'not-ready' }
  | { readonly kind: 'denied' }
  | { readonly kind: 'moved'; readonly host: string; readonly port: number }
  | { readonly kind: 'late'; readonly until: Promise<unknown> }

export type AppendFault =
  | CallFault
  /** It is written, then the connection is cut before the reply. */
  | { readonly kind: 'cut-after-commit' }
  /** It is written and never replied to. */
  | { readonly kind: 'reply-lost' }
  /** The server says that it took too long, and has written it or not. */
  | { readonly kind: 'timeout'; readonly isWritten: boolean }
  /** The reply comes twice, and one that belongs to nothing before it. */
  | { readonly kind: 'reply-twice' }
  | { readonly kind: 'too-large' }
  /** It is written, and then refused as if something else stood there. */
  | { readonly kind: 'wrong-version' }
  /** A repeat is recognised, but its position is not known any more. */
  | { readonly kind: 'no-position' }

export type SubscriptionFault =
  | CallFault
  /** Every event is delivered twice. */
  | { readonly kind: 'twice' }
  /** The call ends as if cut after so many events. */
  | { readonly kind: 'cut-after'; readonly events: number }
  /** It is confirmed, and then nothing comes. */
  | { readonly kind: 'forgotten' }

export type Faults = {
  append: (stream: string) => AppendFault | undefined
  read: (what: string) => CallFault | undefined
  /** `after` is where it begins, -1 at the start. */
  subscribe: (after: number) => SubscriptionFault | undefined
}

export const noFaults = (): Faults => ({
  append: () => undefined,
  read: () => undefined,
  subscribe: () => undefined,
})

/** Answers `fault` for the first `count` calls, then nothing. */
export const first = <T>(count: number, fault: T): (() => T | undefined) => {
  let left = count
  return () => (left-- > 0 ? fault : undefined)
}
