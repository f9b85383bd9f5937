import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf, systemCodeOf } from '../../platform/errors.ts'
import { defineCommand } from '../command.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { printLines } from '../print.ts'
import { Refusal } from '../refusal.ts'
import { exampleJob, shortExampleJob } from './example-job.ts'

const DEFAULT_FILE = 'example.nomad.hcl'

const writeNew = async (path: string, shown: string, text: string): Promise<void> => {
  try {
    await writeFile(path, text, { flag: 'wx' })
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') {
      throw new Refusal({
        code: 'FILE_EXISTS',
        message: `Job file "${shown}" already exists`,
        hint: 'name another file, or remove that one',
      })
    }
    throw new Refusal({ code: 'FILE_UNWRITABLE', message: `writing ${shown} failed: ${messageOf(error)}` })
  }
}

export const command = defineCommand({
  usage: 'muster job init [options] [file]',
  description: `Writes an example job file to start from, ${DEFAULT_FILE} unless another name is given. A file that is there
already is left alone.`,
  flags: [{ name: 'short', type: 'boolean', usage: 'Leave out the comments that explain each part.' }],
  takes: { min: 0, max: 1 },
  isLocal: true,
  run: async (context, { flags, positionals }) => {
    const name = positionals[0] ?? DEFAULT_FILE
    await writeNew(resolve(context.io.cwd, name), name, flags.short ? shortExampleJob : exampleJob)
    await printLines(context, [`Example job file written to ${name}`])
    return EXIT_OK
  },
})
