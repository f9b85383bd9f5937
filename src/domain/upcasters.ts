import { type DomainEventType, schemaOf } from './events.ts'
import type { Json } from './json.ts'

/**
 * Stored events are never rewritten. An event of an older schema is brought to the newest while it is read, one step at a
 * time: the entry under schema n makes data of schema n + 1 from it. Adding an optional field needs no step.
 */
export type Upcaster = (data: Json) => Json

export const upcasters: Readonly<Partial<Record<DomainEventType, Readonly<Record<number, Upcaster>>>>> = {}

export type Upcast =
  | { readonly kind: 'ok'; readonly data: Json }
  /** Written by a newer Muster, or by something else: whoever reads it must stop there and say so. */
  | { readonly kind: 'unknown-type' }
  | { readonly kind: 'unknown-schema'; readonly newest: number }

export const isKnownType = (type: string): type is DomainEventType => Object.hasOwn(schemaOf, type)

/** Brings an event's data to the newest schema of its type. */
export const upcast = (type: string, schema: number, data: Json, table: typeof upcasters = upcasters): Upcast => {
  if (!isKnownType(type)) return { kind: 'unknown-type' }
  const newest = schemaOf[type]
  if (schema > newest) return { kind: 'unknown-schema', newest }
  let current = data
  for (let step = schema; step < newest; step++) {
    const raise = table[type]?.[step]
    if (raise === undefined) return { kind: 'unknown-schema', newest }
    current = raise(current)
  }
  return { kind: 'ok', data: current }
}
