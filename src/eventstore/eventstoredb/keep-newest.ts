/** The wish to keep only the newest event of a stream, as the server's own setting of that stream. */
import { AppError } from '../../platform/errors.ts'
import type { Json } from '../port.ts'
import type { EncodedEvent } from '../serde.ts'
import type { Appender } from './appender.ts'
import { dataOf, revisionOf } from './messages.ts'
import type { Reader } from './reader.ts'

/** How often the setting is tried to be made while others make settings of the same stream. */
const MAX_TRIES = 8

type Parts = { readonly appender: Appender; readonly reader: Reader; readonly newId: () => string }

/** Sets `$maxCount` of `stream` (a name on the server) to 1 unless it is, and leaves its other settings as they are. */
export const keepNewest = async ({ appender, reader, newId }: Parts, stream: string): Promise<void> => {
  const settingsStream = `$$${stream}`
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const newest = await reader.newestOf(settingsStream)
    const settings = newest ? (JSON.parse(dataOf(newest)) as Readonly<Record<string, Json>>) : {}
    if (settings['$maxCount'] === 1) return
    const event = settingsEvent(newId(), { ...settings, $maxCount: 1 })
    const expected = newest ? revisionOf(newest) : 'no-stream'
    const [result] = appender.submit([
      { stream: settingsStream, expected, events: [event], bytes: Buffer.byteLength(event.body) },
    ])
    if ((await result)?.kind === 'appended') return
  }
  throw new AppError('CONTENDED', `could not keep the newest event of ${stream} only: others set it up, too`, {
    hint: 'Try again.',
  })
}

const settingsEvent = (id: string, settings: Json): EncodedEvent => {
  const data = JSON.stringify(settings)
  return { id, type: '$metadata', body: `[${data},{}]`, comma: 1 + data.length }
}
