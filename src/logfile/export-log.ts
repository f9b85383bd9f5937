import { categoryOf, type EventStore, type Position, type RecordedEvent } from '../eventstore/port.ts'
import { AppError } from '../platform/errors.ts'
import { IMPORT_CATEGORY } from './import-mark.ts'
import { createLogWriter, type LogFacts } from './write-log.ts'

/** Bytes of lines that are handed out at once; a reader that is behind holds the reading up. */
export const MAX_CHUNK_BYTES = 262_144

export type ExportFacts = Omit<LogFacts, 'head'>

const isExported = (event: RecordedEvent, head: Position): boolean =>
  event.position <= head && categoryOf(event.stream) !== IMPORT_CATEGORY

/** Events up to `head`, in the order of the log. Throws STORE_CLOSED if the store ends before them. */
async function* eventsUpTo(store: EventStore, head: Position, signal: AbortSignal): AsyncGenerator<RecordedEvent[]> {
  if (head < 0) return
  for await (const item of store.subscribe(-1, 'all', signal)) {
    if (item.kind === 'lost') continue
    const newest = item.kind === 'events' ? (item.events.at(-1)?.position ?? -1) : item.position
    if (item.kind === 'events') yield item.events.filter(event => isExported(event, head))
    if (newest >= head) return
  }
  throw new AppError('STORE_CLOSED', 'the export of the log ended before its last event', {
    hint: 'the agent is stopping; export again once it is back',
  })
}

/**
 * The whole log as a file, up to what was its head when this began. What comes later is not in it, and nothing gathers while
 * nobody reads. An export that was given up ends without the last line, so that nobody takes it for a whole one.
 */
export async function* exportLog(
  store: EventStore,
  facts: ExportFacts,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const head = await store.head()
  const writer = createLogWriter()
  let chunk = [writer.header({ ...facts, head })]
  let bytes = 0
  for await (const events of eventsUpTo(store, head, signal)) {
    for (const event of events) {
      const line = writer.event(event)
      chunk.push(line)
      bytes += line.length
      if (bytes < MAX_CHUNK_BYTES) continue
      yield Buffer.concat(chunk)
      chunk = []
      bytes = 0
    }
  }
  chunk.push(writer.footer())
  yield Buffer.concat(chunk)
}
