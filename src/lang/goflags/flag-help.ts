import type { FlagSpec, FlagType } from './flag-spec.ts'

/** Help is wrapped at this many columns, so that it fits into any terminal. */
const HELP_WIDTH = 79
const USAGE_INDENT = '    '

const placeholderByType: Readonly<Record<FlagType, string>> = {
  boolean: '',
  string: '<value>',
  int: '<number>',
  float: '<number>',
  duration: '<duration>',
  list: '<value>',
  map: '<key>=<value>',
}

const wrapped = (text: string): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/).filter(part => part !== '')) {
    const isFull = line !== '' && USAGE_INDENT.length + line.length + 1 + word.length > HELP_WIDTH
    if (isFull) lines.push(line)
    line = line === '' || isFull ? word : `${line} ${word}`
  }
  return line === '' ? lines : [...lines, line]
}

/** The help of a table of flags: each flag with its placeholder, its usage indented below, a blank line between. */
export const flagHelp = (specs: readonly FlagSpec[]): string =>
  specs
    .map(spec => {
      const value = spec.placeholder ?? placeholderByType[spec.type]
      const head = value === '' ? `  -${spec.name}` : `  -${spec.name}=${value}`
      return [head, ...wrapped(spec.usage).map(line => `${USAGE_INDENT}${line}`)].join('\n')
    })
    .join('\n\n')
