import { agentOfFiles, readFiles } from '../agent-settings.ts'
import { defineCommand } from '../command.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { printLines } from '../print.ts'
import { renderWarnings } from '../render/warnings.ts'

/** Arguments of one command line; each is a file or a directory. */
const MAX_PATHS = 100

export const command = defineCommand({
  usage: 'muster agent validate <path> [<path> …]',
  description: `Checks files of an agent's configuration as starting an agent would, later ones over earlier ones, and starts nothing.
A directory stands for its files that end in .hcl or .json.

Exit code 1 when no agent would start with them; warnings alone leave it 0.`,
  flags: [],
  takes: { min: 1, max: MAX_PATHS },
  isLocal: true,
  run: async (context, { positionals }) => {
    const loaded = await readFiles(positionals, context.io.cwd)
    await printLines(context, renderWarnings(loaded.warnings, 'Configuration Warnings:'))
    agentOfFiles(loaded)
    await printLines(context, ['Configuration is valid!'])
    return EXIT_OK
  },
})
