import { checkLog, type LogSummary } from '../../logfile/check-log.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { createLogFile, type LogSink, stdoutSink } from '../log-file.ts'
import { logPlaceFlags, logPlaceOf } from '../log-place.ts'
import { logSize } from '../render/log-summary.ts'

export const LOG_PATH = '/v1/operator/log'

const STDOUT = '-'

async function* writing(chunks: AsyncIterable<Uint8Array>, sink: LogSink): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    await sink.write(chunk)
    yield chunk
  }
}

/** Writes what comes and checks it on the way: what cannot be read again is no backup. */
const save = async (name: string, chunks: AsyncIterable<Uint8Array>, sink: LogSink): Promise<LogSummary> => {
  try {
    const summary = await checkLog(name, writing(chunks, sink))
    await sink.finish()
    return summary
  } catch (error) {
    await sink.abandon()
    throw error
  }
}

const print = (context: CommandContext, path: string, summary: LogSummary): Promise<void> => {
  const text = [
    `Exported ${logSize(summary)} up to position ${summary.header.head}${path === STDOUT ? '' : ` to ${path}`}`,
    `SHA-256 ${summary.footer.sha256}`,
    "What is sealed in it (env, templates, job sources, payloads) is opened by the server's keyring.json alone, which is",
    'not in it: keep a copy of that, too, and keep it apart.',
  ].join('\n')
  if (path !== STDOUT) return context.io.stdout(`${text}\n`)
  context.io.stderr(`${text}\n`)
  return Promise.resolve()
}

export const command = defineCommand({
  usage: 'muster operator log export [options] <file>',
  description: `Writes the whole log to a new file, or to standard output for "-": a backup, and what \`muster operator log import\`
takes to move a cluster to another event store. A running agent is asked, and goes on meanwhile: the file ends with what was
the newest event at the time of the call. With -data-dir or -config the log of a server that does not run is read where it is.

The file holds no keys.`,
  flags: logPlaceFlags,
  takes: { min: 1, max: 1 },
  run: async (context, { flags, positionals: [path = STDOUT] }) => {
    const place = await logPlaceOf(context, flags)
    const sink = path === STDOUT ? stdoutSink(context) : await createLogFile(context, path)
    const chunks =
      place === null ? context.api.stream(LOG_PATH) : (await context.loadOperator()).operator.exportLog(place)
    await print(context, path, await save('the exported log', chunks, sink))
    return EXIT_OK
  },
})
