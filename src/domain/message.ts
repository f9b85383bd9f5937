/** A named fact or wish with plain data. */
export type Message<T extends string, D extends object> = { readonly type: T; readonly data: Readonly<D> }

/** What a decider answers: events (none = already so), or why the command cannot be granted. */
export type Decision<E, R> =
  | { readonly kind: 'accepted'; readonly events: readonly E[] }
  | { readonly kind: 'rejected'; readonly rejection: R }

/**
 * A pure decider. `evolve` never fails and never validates: a recorded event is a fact. `decide` reads no clock and no
 * chance: both come in with the command (invariant I2).
 */
export type Decider<S, C, E, R> = {
  readonly initialState: S
  readonly decide: (state: S, command: C) => Decision<E, R>
  readonly evolve: (state: S, event: E) => S
}

export const accepted = <E>(...events: readonly E[]): Decision<E, never> => ({ kind: 'accepted', events })
export const rejected = <R>(rejection: R): Decision<never, R> => ({ kind: 'rejected', rejection })
