import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { findTarget, ofJobFlags } from '../find-allocation.ts'
import { wholeIdsFlag } from '../output-flags.ts'
import { printLines } from '../print.ts'
import { renderTable } from '../render/columns.ts'
import { fileSize } from '../render/file-size.ts'
import { localTime } from '../render/time.ts'
import { tailFlags, tailOf } from '../tail-flags.ts'
import { copyStream } from '../tail-stream.ts'

type FileEntry = {
  readonly name: string
  readonly isDirectory: boolean
  readonly sizeBytes: number
  readonly mode: string
  readonly modifiedAt: number
}

type FsFlags = { readonly stat: boolean; readonly H: boolean }

const row = (entry: FileEntry, isMachine: boolean): readonly string[] => [
  entry.mode,
  isMachine ? String(entry.sizeBytes) : fileSize(entry.sizeBytes),
  localTime(entry.modifiedAt),
  entry.isDirectory ? `${entry.name}/` : entry.name,
]

const heading = ['Mode', 'Size', 'Modified Time', 'Name']

const pathOf = (id: string, verb: string, path: string, parameters: URLSearchParams): string => {
  parameters.set('path', path)
  return `/v1/allocation/${id}/fs/${verb}?${parameters.toString()}`
}

const ask = <T>(context: CommandContext, id: string, verb: string, path: string): Promise<T> =>
  context.api.json<T>(pathOf(id, verb, path, new URLSearchParams()))

const byName = (a: FileEntry, b: FileEntry): number => (a.name < b.name ? -1 : 1)

const describe = async (context: CommandContext, id: string, path: string, flags: FsFlags): Promise<FileEntry> => {
  const entry = await ask<FileEntry>(context, id, 'stat', path)
  if (flags.stat) await printLines(context, renderTable([heading, row(entry, flags.H)]))
  return entry
}

export const command = defineCommand({
  usage: 'muster alloc fs [options] <allocation> [path]',
  description: `Lists a directory of an allocation, or prints a file. Paths begin at the allocation's directory.`,
  flags: [
    { name: 'stat', type: 'boolean', usage: 'Show what the path is instead of its content.' },
    { name: 'H', type: 'boolean', usage: 'Sizes in bytes.' },
    ...tailFlags,
    ...ofJobFlags,
    wholeIdsFlag,
  ],
  takes: { min: 0, max: 2 },
  run: async (context, { flags, positionals }) => {
    const tail = tailOf(flags)
    const { allocation, rest } = await findTarget(context, flags, positionals)
    const { id } = allocation
    const [path = '/'] = rest
    const entry = await describe(context, id, path, flags)
    if (flags.stat) return EXIT_OK
    if (entry.isDirectory) {
      const entries = (await ask<readonly FileEntry[]>(context, id, 'ls', path)).toSorted(byName)
      await printLines(context, renderTable([heading, ...entries.map(each => row(each, flags.H))]))
      return EXIT_OK
    }
    const options = { tail, follows: flags.f, signal: context.io.interruption() }
    await copyStream(context, parameters => pathOf(id, 'cat', path, parameters), options)
    return EXIT_OK
  },
})
