/** A named fact or wish with plain data. */
export type Message<T extends string, D extends object> = { readonly type: T; readonly data: Readonly<D> }

/** What a decider answers: events (none = already so), or why the command cannot be granted. */
export type Decision<E, R> =
  | { readonly kind: 'accepted'; readonly events: readonly E[] }
  | { readonly kind: 'rejected'; readonly rejection: R }

export const accepted = <E>(...events: readonly E[]): Decision<E, never> => ({ kind: 'accepted', events })
export const rejected = <R>(rejection: R): Decision<never, R> => ({ kind: 'rejected', rejection })
