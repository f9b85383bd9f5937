import type { DomainEventType } from './events.ts'
import type { Json } from './json.ts'

/**
 * Positions that stand in events. A position is a place in one store: where a log is carried into another one, whatever
 * names a place in the log has to name it anew. Every such field is in this table; `[]` stands for each entry of a list.
 */
export const positionFields: Readonly<Partial<Record<DomainEventType, readonly (readonly string[])[]>>> = {
  PlanCommitted: [['basis', 'position']],
  Collected: [['items', '[]', 'position']],
}

type JsonRecord = { readonly [key: string]: Json }

const isRecord = (value: Json): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const fieldsOf = (type: string): readonly (readonly string[])[] =>
  Object.hasOwn(positionFields, type) ? (positionFields[type as DomainEventType] ?? []) : []

/** `value` with what stands at the end of `path` changed; where the path leads nowhere it is as it was. */
const changeAt = (value: Json, path: readonly string[], change: (position: number) => number): Json => {
  const [step, ...rest] = path
  if (step === undefined) return typeof value === 'number' ? change(value) : value
  if (step === '[]') return Array.isArray(value) ? value.map((entry: Json) => changeAt(entry, rest, change)) : value
  if (!isRecord(value) || value[step] === undefined) return value
  return { ...value, [step]: changeAt(value[step], rest, change) }
}

/** The data of an event with every position in it given by `translate`. */
export const translatePositions = (type: string, data: Json, translate: (position: number) => number): Json =>
  fieldsOf(type).reduce((current, path) => changeAt(current, path, translate), data)

/** The largest position that stands in an event's data, -1 if there is none. */
export const newestPositionIn = (type: string, data: Json): number => {
  let newest = -1
  translatePositions(type, data, position => {
    newest = Math.max(newest, position)
    return position
  })
  return newest
}
