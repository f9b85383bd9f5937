/** A GraphQL operation with the types of its answer and its variables, which a test checks against the schema. */
export type Document<R, V> = {
  readonly text: string
  /** Never there: it only carries the types. */
  readonly types?: { readonly result: R; readonly variables: V }
}

export const document = <R, V>(text: string): Document<R, V> => ({ text })
