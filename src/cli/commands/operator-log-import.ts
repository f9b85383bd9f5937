import { defineCommand } from '../command.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { openLogFile } from '../log-file.ts'
import { logPlaceFlags, logPlaceOf } from '../log-place.ts'
import { printLines } from '../print.ts'
import { usageError } from '../refusal.ts'
import { logSize, renderKeyring } from '../render/log-summary.ts'

export const command = defineCommand({
  usage: 'muster operator log import [options] <file>',
  description: `Fills an empty event store with a log that \`muster operator log export\` wrote, while no agent runs on it. The file is
checked to its end before anything is written, and what was written is read back. An import that was cut off goes on when it
is given the same file again; until it has come to its end no agent starts on the store.

Streams, revisions and ids stay what they were. Positions are the new store's own.`,
  flags: logPlaceFlags,
  takes: { min: 1, max: 1 },
  isLocal: true,
  run: async (context, { flags, positionals: [path = ''] }) => {
    const place = await logPlaceOf(context, flags)
    if (place === null) throw usageError('nothing says where to import to', 'give -data-dir, or -config')
    const file = await openLogFile(context, path)
    const { operator } = await context.loadOperator()
    const imported = await operator.importLog(place, file)
    await printLines(context, [
      `Imported ${logSize(imported)}, read back and compared`,
      `SHA-256 of the file ${imported.footer.sha256}`,
    ])
    const warnings = renderKeyring(imported)
    if (warnings.length > 0) context.io.stderr(`${warnings.join('\n')}\n`)
    return EXIT_OK
  },
})
