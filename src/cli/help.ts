import { flagHelp } from '../lang/goflags/index.ts'
import type { Command } from './command.ts'
import { globalFlags } from './global-flags.ts'
import { type Entry, registry } from './registry.ts'
import { indent } from './render/indent.ts'

const pad = (text: string, width: number): string => text.padEnd(width)

const listing = (rows: readonly (readonly [name: string, summary: string])[]): readonly string[] => {
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.map(([name, summary]) => `    ${pad(name, width)}    ${summary}`)
}

const groupOf = ({ name }: Entry): string => name.split(' ')[0] ?? name

/** The groups of verbs, each with what its verbs are. */
const topLevel = (): readonly (readonly [string, string])[] => {
  const groups = new Map<string, string[]>()
  for (const entry of registry) {
    const rest = entry.name.slice(groupOf(entry).length + 1)
    groups.set(groupOf(entry), [...(groups.get(groupOf(entry)) ?? []), rest])
  }
  return Array.from(groups, ([group, verbs]) => {
    const only = registry.find(({ name }) => name === group)
    return [group, only?.summary ?? verbs.join(', ')] as const
  })
}

const shortcuts = (): readonly (readonly [string, string])[] =>
  registry
    .flatMap(({ name, aliases }) => (aliases ?? []).map(alias => [alias, `the same as ${name}`] as const))
    .filter(([alias]) => !alias.includes('-'))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))

/** The help of `muster` or of a group of verbs. */
export const groupHelp = (words: readonly string[]): string => {
  if (words.length === 0) {
    const lines = [
      'Usage: muster [-version] [-help] <command> [options] [arguments]',
      '',
      'Commands:',
      ...listing(topLevel()),
      '',
      'Shortcuts:',
      ...listing(shortcuts()),
      '',
      'muster <command> -h says more of each.',
    ]
    return `${lines.join('\n')}\n`
  }
  const prefix = `${words.join(' ')} `
  const verbs = registry
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, summary }) => [name.slice(prefix.length), summary] as const)
  const lines = [`Usage: muster ${prefix}<subcommand> [options] [arguments]`, '', 'Subcommands:', ...listing(verbs)]
  return `${lines.join('\n')}\n`
}

/** The help of one verb. */
export const commandHelp = (entry: Entry, command: Command): string => {
  const aliases = (entry.aliases ?? []).filter(alias => !alias.includes('-'))
  const parts = [
    `Usage: ${command.usage}`,
    indent(command.description.split('\n'), 2).join('\n'),
    ...(aliases.length === 0 ? [] : [`  Alias: muster ${aliases.join(', muster ')}`]),
    ...(command.isLocal === true ? [] : [`General Options:\n\n${flagHelp(globalFlags)}`]),
    ...(command.flags.length === 0 ? [] : [`Options:\n\n${flagHelp(command.flags)}`]),
  ]
  return `${parts.join('\n\n')}\n`
}
