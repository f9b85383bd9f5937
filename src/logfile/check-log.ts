import type { RecordedEvent } from '../eventstore/port.ts'
import type { LogFooter, LogHeader } from './format.ts'
import { readLog } from './read-log.ts'

/** What a sound file says of itself. */
export type LogSummary = { readonly header: LogHeader; readonly footer: LogFooter }

/** Reads a file to its end; `look` sees each event with its line. Throws as `readLog` does, and what `look` throws. */
export const checkLog = async (
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  look: (event: RecordedEvent, line: number) => void = () => undefined,
): Promise<LogSummary> => {
  let header: LogHeader | undefined
  let footer: LogFooter | undefined
  for await (const items of readLog(name, chunks)) {
    for (const item of items) {
      if (item.kind === 'event') look(item.event, item.line)
      else if (item.kind === 'header') ({ header } = item)
      else ({ footer } = item)
    }
  }
  if (header === undefined || footer === undefined) throw new Error('invariant broken: a sound file has both ends')
  return { header, footer }
}
