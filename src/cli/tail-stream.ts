import type { CommandContext } from './command.ts'
import { lastLines } from './last-lines.ts'
import type { Tail } from './tail-flags.ts'

/** Bytes that are asked for per wanted line, which is plenty for logs; longer lines make the end shorter. */
const BYTES_PER_LINE = 1_024
/** How long nothing must come before what was there at the start of following counts as complete. */
const BACKLOG_QUIET_MS = 200

export type CopyOptions = {
  readonly tail: Tail
  readonly follows: boolean
  readonly signal: AbortSignal
}

const parametersOf = ({ tail, follows }: CopyOptions): URLSearchParams => {
  const parameters = new URLSearchParams({ follow: String(follows) })
  switch (tail.kind) {
    case 'all':
      parameters.set('origin', 'start')
      parameters.set('offset', '0')
      return parameters
    case 'bytes':
      parameters.set('origin', 'end')
      parameters.set('offset', String(tail.count))
      return parameters
    case 'lines':
      parameters.set('origin', 'end')
      parameters.set('offset', String(tail.count * BYTES_PER_LINE))
      return parameters
  }
}

/** Gathers what is there already, prints its last lines, then lets everything through. */
const copyLastLines = async (
  context: CommandContext,
  chunks: AsyncIterable<Uint8Array>,
  count: number,
): Promise<void> => {
  const backlog: Uint8Array[] = []
  let isThrough = false
  let written: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | null = null
  const release = (): void => {
    if (isThrough) return
    isThrough = true
    written = context.io.stdout(lastLines(Buffer.concat(backlog), count))
  }
  for await (const chunk of chunks) {
    if (timer !== null) clearTimeout(timer)
    if (isThrough) {
      await written
      await context.io.stdout(chunk)
      continue
    }
    backlog.push(chunk)
    timer = setTimeout(release, BACKLOG_QUIET_MS)
  }
  if (timer !== null) clearTimeout(timer)
  release()
  await written
}

/** Copies a stream of the API to standard output, from where `tail` says, until it ends or `signal` aborts. */
export const copyStream = async (
  context: CommandContext,
  pathOf: (parameters: URLSearchParams) => string,
  options: CopyOptions,
): Promise<void> => {
  const chunks = context.api.stream(pathOf(parametersOf(options)), options.signal)
  if (options.tail.kind === 'lines') return copyLastLines(context, chunks, options.tail.count)
  for await (const chunk of chunks) await context.io.stdout(chunk)
}
