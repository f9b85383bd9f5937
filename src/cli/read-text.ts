import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf, systemCodeOf } from '../platform/errors.ts'
import type { CommandContext } from './command.ts'
import { Refusal } from './refusal.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
}

const why = (error: unknown): string => reasons[systemCodeOf(error) ?? ''] ?? messageOf(error)

const tooLarge = (what: string, size: number, maxBytes: number): Refusal =>
  new Refusal({
    code: 'REQUEST_TOO_LARGE',
    message: `${what} holds ${size} bytes, more than the ${maxBytes} that are taken`,
    hint: 'leave out of it what can be fetched by the task, with a template or an image',
  })

/** The content of a file, or of standard input for `-`. Throws a Refusal when it cannot be read or is too large. */
export const readText = async (context: CommandContext, path: string, maxBytes: number): Promise<string> => {
  if (path === '-') return context.io.readStdin(maxBytes)
  const absolute = resolve(context.io.cwd, path)
  try {
    const { size } = await stat(absolute)
    if (size > maxBytes) throw tooLarge(`the file ${path}`, size, maxBytes)
    return await readFile(absolute, 'utf8')
  } catch (error) {
    if (error instanceof Refusal) throw error
    throw new Refusal({ code: 'FILE_UNREADABLE', message: `reading ${path} failed: ${why(error)}` })
  }
}
