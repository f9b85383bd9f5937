import type { LogSummary } from '../../logfile/check-log.ts'
import type { LogImport } from '../command.ts'
import { renderKeyValues, renderTable } from './columns.ts'
import { fileSize } from './file-size.ts'
import { localTime } from './time.ts'

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

/** How much a file holds, in half a sentence. */
export const logSize = ({ footer: { events, streams, bytes } }: LogSummary): string =>
  `${plural(events, 'event')} of ${plural(streams, 'stream')} (${fileSize(bytes)})`

/** All that a file says of itself. */
export const renderLogSummary = ({ header, footer }: LogSummary): readonly string[] => [
  ...renderKeyValues([
    ['Made at', localTime(header.madeAt)],
    ['Made by', `Muster v${header.muster}`],
    ['Region', header.region],
    ['Server', header.server],
    ['Newest position', String(header.head)],
    ['Events', String(footer.events)],
    ['Streams', String(footer.streams)],
    ['Bytes', String(footer.bytes)],
    ['SHA-256', footer.sha256],
  ]),
  '',
  ...renderTable([
    ['Event', 'Count'],
    ...Object.entries(footer.types)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([type, count]) => [type, String(count)]),
  ]),
]

/** What to do about the keys, empty where they fit. */
export const renderKeyring = ({ keyring: { path, fit, namespaces } }: LogImport): readonly string[] => {
  switch (fit) {
    case 'fits':
      return []
    case 'missing':
      return [
        `There is no keyring at ${path} yet. Put that of the exported agent there before an agent is started: without it`,
        'none starts, and what is sealed in the log (env, templates, job sources, payloads) cannot be opened.',
      ]
    case 'other':
      return [
        `The keyring ${path} is not that of the exported agent: it does not open what is sealed in`,
        `${plural(namespaces.length, 'namespace')} (${namespaces.join(', ')}). Put the right one there before an agent is started.`,
      ]
    case 'unknown':
      return [`Whether the keyring ${path} fits is not known: none was beside the log when it was exported.`]
  }
}
