import { type DomainEvent, type Recorded, schemaOf } from '../domain/events.ts'
import { upcast } from '../domain/upcasters.ts'
import type { NewEvent, RecordedEvent } from '../eventstore/port.ts'
import { AppError } from '../platform/errors.ts'

/** Who does something, why, and when: what every event carries beside its data (design §3). */
export type Provenance = {
  readonly actor: string
  readonly correlationId: string
  readonly causationId: string
  /** Wall-clock time, ms. */
  readonly at: number
}

/** An event of the domain as the store takes it. */
export const encode = (id: string, event: DomainEvent, provenance: Provenance): NewEvent => ({
  id,
  type: event.type,
  data: event.data,
  metadata: {
    $correlationId: provenance.correlationId,
    $causationId: provenance.causationId,
    schema: schemaOf[event.type],
    actor: provenance.actor,
    at: provenance.at,
  },
})

/** A stored event as the domain reads it, brought to the newest schema. Throws EVENT_UNKNOWN for what this version does not know: reading on would give a wrong state. */
export const decode = (event: RecordedEvent): Recorded => {
  const result = upcast(event.type, event.metadata.schema, event.data)
  if (result.kind !== 'ok') {
    throw new AppError(
      'EVENT_UNKNOWN',
      `event ${event.type} (schema ${event.metadata.schema}) at position ${event.position} of stream ${event.stream} is not known to this version of Muster`,
      { hint: 'run the version that wrote it, or a newer one' },
    )
  }
  const recorded = {
    type: event.type,
    data: result.data,
    id: event.id,
    stream: event.stream,
    revision: event.revision,
    position: event.position,
    at: event.metadata.at,
    actor: event.metadata.actor,
    correlationId: event.metadata.$correlationId,
    causationId: event.metadata.$causationId,
  }
  // The type was looked up in the table of known types, and its data was written by `encode` under that schema.
  return recorded as unknown as Recorded
}
