import { AppError } from '../platform/errors.ts'
import { EXIT_OK } from './exit-codes.ts'
import type { CliIo } from './io.ts'

const readStdin = async (maxBytes: number): Promise<string> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Buffer)
    size += bytes.byteLength
    if (size > maxBytes) {
      throw new AppError('REQUEST_TOO_LARGE', `standard input holds more than the ${maxBytes} bytes that are read`)
    }
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const ask = async (question: string): Promise<string> => {
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  try {
    return await lines.question(question)
  } finally {
    lines.close()
  }
}

/** A signal that is aborted by the first of `names`, whose name is its reason, listened for from the first call on. */
const createSignal = (names: readonly NodeJS.Signals[]): (() => AbortSignal) => {
  let controller: AbortController | null = null
  return () => {
    if (controller === null) {
      const created = new AbortController()
      controller = created
      // Once only: a second signal ends the process, should whoever listens not come to an end.
      const heard = (name: NodeJS.Signals): void => {
        for (const each of names) process.off(each, heard)
        created.abort(name)
      }
      for (const name of names) process.on(name, heard)
    }
    return controller.signal
  }
}

/** The terminal or pipes that this process was started with. */
export const processIo = (): CliIo => {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT_OK : 1))
  return {
    stdout: text =>
      new Promise(resolve => {
        if (process.stdout.write(text)) resolve()
        else process.stdout.once('drain', resolve)
      }),
    stderr: text => {
      process.stderr.write(text)
    },
    readStdin,
    ask,
    isInteractive: process.stdin.isTTY && process.stdout.isTTY,
    interruption: createSignal(['SIGINT']),
    termination: createSignal(['SIGINT', 'SIGTERM']),
    onHangup: handle => void process.on('SIGHUP', handle),
    cwd: process.cwd(),
  }
}
