import { readFile, rename, stat, truncate, unlink, writeFile } from 'node:fs/promises'
import { systemCodeOf } from '../../../../platform/errors.ts'
import { currentPlace, type OutputPlace, outputNumbers } from '../output-files.ts'
import type { LogRecord, LogStream } from './log-frames.ts'

/**
 * How far a container's output has been written into files. Docker's records have no numbers, only times, so the cursor
 * keeps the newest time and how many records of that very time were taken; and where in the files they end. An agent that
 * comes later cuts the files back to that place and goes on with the records after the cursor: nothing is lost or repeated.
 */

export type StreamCursor = {
  readonly place: OutputPlace
  /** Time of the newest record taken, '' before the first. */
  readonly at: string
  readonly countAtTime: number
}

export type LogCursor = Readonly<Record<LogStream, StreamCursor>>

/** Where `record` stands to the cursor; `seen` counts the records of the cursor's time that this reading has met. */
export const isTaken = (cursor: StreamCursor, record: LogRecord, seen: number): boolean =>
  record.at < cursor.at || (record.at === cursor.at && seen <= cursor.countAtTime)

export const advance = (cursor: StreamCursor, record: LogRecord, place: OutputPlace): StreamCursor =>
  record.at === cursor.at
    ? { place, at: record.at, countAtTime: cursor.countAtTime + 1 }
    : { place, at: record.at, countAtTime: 1 }

/** Docker's `since`: seconds with nine decimals, of the older of both streams, since each must find its own place. */
export const sinceOf = (cursor: LogCursor): string => {
  const at = cursor.stdout.at < cursor.stderr.at ? cursor.stdout.at : cursor.stderr.at
  if (at === '') return '0'
  const seconds = Math.floor(Date.parse(`${at.slice(0, 19)}Z`) / 1_000)
  return `${seconds}.${/\.(\d+)Z$/.exec(at)?.[1] ?? '0'}`
}

const isPlace = (value: unknown): value is OutputPlace =>
  typeof value === 'object' &&
  value !== null &&
  'number' in value &&
  typeof value.number === 'number' &&
  'offset' in value &&
  typeof value.offset === 'number'

const isStreamCursor = (value: unknown): value is StreamCursor =>
  typeof value === 'object' &&
  value !== null &&
  'place' in value &&
  isPlace(value.place) &&
  'at' in value &&
  typeof value.at === 'string' &&
  'countAtTime' in value &&
  typeof value.countAtTime === 'number'

/** A file that a power cut left half written counts as none. */
const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const readCursor = async (path: string): Promise<LogCursor | undefined> => {
  const text = await readFile(path, 'utf8').catch(() => '')
  if (text === '') return undefined
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || !('stdout' in value) || !('stderr' in value)) return undefined
  const { stdout, stderr } = value
  return isStreamCursor(stdout) && isStreamCursor(stderr) ? { stdout, stderr } : undefined
}

export const writeCursor = async (path: string, cursor: LogCursor): Promise<void> => {
  await writeFile(`${path}.new`, JSON.stringify(cursor))
  await rename(`${path}.new`, path)
}

const ignoreMissing = (error: unknown): void => {
  if (systemCodeOf(error) !== 'ENOENT') throw error
}

/** Cuts the files of one stream back to where its cursor stands. */
const cutBack = async (base: string, place: OutputPlace): Promise<void> => {
  for (const number of await outputNumbers(base)) {
    if (number > place.number) await unlink(`${base}.${number}`).catch(ignoreMissing)
    if (number !== place.number) continue
    const path = `${base}.${number}`
    const size = await stat(path).then(found => found.size, ignoreMissing)
    if (size !== undefined && size > place.offset) await truncate(path, place.offset).catch(ignoreMissing)
  }
}

/** The cursor of a container: as it was left, the files cut back to it; or a new one at the end of the files. */
export const openCursor = async (path: string, bases: Readonly<Record<LogStream, string>>): Promise<LogCursor> => {
  const left = await readCursor(path)
  if (left !== undefined) {
    await cutBack(bases.stdout, left.stdout.place)
    await cutBack(bases.stderr, left.stderr.place)
    return left
  }
  const begin = async (base: string): Promise<StreamCursor> => ({
    place: await currentPlace(base),
    at: '',
    countAtTime: 0,
  })
  const fresh: LogCursor = { stdout: await begin(bases.stdout), stderr: await begin(bases.stderr) }
  await writeCursor(path, fresh)
  return fresh
}
