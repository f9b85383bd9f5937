import { createReadStream, existsSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { LogFile } from '../logfile/format.ts'
import { messageOf, systemCodeOf } from '../platform/errors.ts'
import type { CommandContext } from './command.ts'
import { Refusal } from './refusal.ts'

/** Bytes of a file that are read at once. */
const READ_BYTES = 262_144

/** Where an exported log is written to: it is there under its name only once it is whole. */
export type LogSink = {
  readonly write: (chunk: Uint8Array) => Promise<void>
  readonly finish: () => Promise<void>
  readonly abandon: () => Promise<void>
}

export const stdoutSink = ({ io }: CommandContext): LogSink => ({
  write: io.stdout,
  finish: async () => undefined,
  abandon: async () => undefined,
})

const unwritable = (path: string, error: unknown): Refusal =>
  new Refusal({ code: 'FILE_UNWRITABLE', message: `writing ${path} failed: ${messageOf(error)}` })

const syncFolder = async (path: string): Promise<void> => {
  const folder = await open(dirname(path), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/**
 * A new file at `path`, for its owner alone. It grows as `<path>.part`, and is on disk before it gets its name: a backup that
 * was cut off is never taken for one. Throws FILE_EXISTS, FILE_UNWRITABLE.
 */
export const createLogFile = async (context: CommandContext, path: string): Promise<LogSink> => {
  const absolute = resolve(context.io.cwd, path)
  if (existsSync(absolute)) {
    const hint = 'name another file, or remove that one'
    throw new Refusal({ code: 'FILE_EXISTS', message: `the file ${path} is there already`, hint })
  }
  const part = `${absolute}.part`
  const attempt = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step()
    } catch (error) {
      throw unwritable(path, error)
    }
  }
  const file = await attempt(() => open(part, 'w', 0o600))
  return {
    write: chunk => attempt(() => file.writeFile(chunk)),
    finish: () =>
      attempt(async () => {
        await file.sync()
        await file.close()
        await rename(part, absolute)
        await syncFolder(absolute)
      }),
    abandon: async () => {
      await file.close().catch(() => undefined)
      await rm(part, { force: true })
    },
  }
}

/** An exported log at `path`. Throws FILE_UNREADABLE unless it is a file that can be read. */
export const openLogFile = async (context: CommandContext, path: string): Promise<LogFile> => {
  const absolute = resolve(context.io.cwd, path)
  const unreadable = (why: string): Refusal =>
    new Refusal({ code: 'FILE_UNREADABLE', message: `reading ${path} failed: ${why}` })
  const found = await stat(absolute).catch((error: unknown) => {
    throw unreadable(systemCodeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error))
  })
  // It is read more than once, which a pipe cannot be.
  if (!found.isFile()) throw unreadable('it is no plain file')
  const read = async function* (): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of createReadStream(absolute, { highWaterMark: READ_BYTES })) yield chunk as Buffer
    } catch (error) {
      throw systemCodeOf(error) === undefined ? error : unreadable(messageOf(error))
    }
  }
  return { name: path, open: read }
}
