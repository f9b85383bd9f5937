import { defineCommand } from '../command.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { printLines } from '../print.ts'
import { musterRevision, musterVersion } from '../version.ts'

export const command = defineCommand({
  usage: 'muster version',
  description: 'Prints the version of this program.',
  flags: [],
  takes: { min: 0, max: 0 },
  isLocal: true,
  run: async context => {
    const revision = musterRevision()
    await printLines(context, [`Muster v${musterVersion()}`, ...(revision === '' ? [] : [`Revision ${revision}`])])
    return EXIT_OK
  },
})
