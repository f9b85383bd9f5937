import { checkLog } from '../../logfile/check-log.ts'
import { defineCommand } from '../command.ts'
import { openLogFile } from '../log-file.ts'
import { outputFlags } from '../output-flags.ts'
import { printData } from '../print.ts'
import { renderLogSummary } from '../render/log-summary.ts'

export const command = defineCommand({
  usage: 'muster operator log verify [options] <file>',
  description: `Reads a log that \`muster operator log export\` wrote to its end, checks every line and says what is in it. A file that
was changed or cut off is refused, with the line.`,
  flags: outputFlags,
  takes: { min: 1, max: 1 },
  isLocal: true,
  run: async (context, { flags, positionals: [path = ''] }) => {
    const file = await openLogFile(context, path)
    return printData(context, flags, await checkLog(file.name, file.open()), renderLogSummary)
  },
})
