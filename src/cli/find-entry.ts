import { nearestName } from '../lang/goflags/index.ts'
import { type Entry, registry } from './registry.ts'

/** No verb has more words. */
const MAX_WORDS = 3

export type Found =
  | { readonly kind: 'command'; readonly entry: Entry; readonly rest: readonly string[] }
  /** The words begin several verbs: `muster job`. */
  | { readonly kind: 'group'; readonly words: readonly string[] }
  | { readonly kind: 'unknown'; readonly typed: string; readonly suggestion: string | null }

const names = ({ name, aliases }: Entry): readonly string[] => [name, ...(aliases ?? [])]

const isWord = (argument: string | undefined): argument is string => argument !== undefined && !argument.startsWith('-')

const leadingWords = (args: readonly string[]): readonly string[] => {
  const end = args.findIndex(argument => !isWord(argument))
  return args.slice(0, Math.min(end < 0 ? args.length : end, MAX_WORDS))
}

/** The verb that the arguments call: the longest name that they begin with. */
export const findEntry = (args: readonly string[]): Found => {
  const words = leadingWords(args)
  for (let count = words.length; count > 0; count--) {
    const name = words.slice(0, count).join(' ')
    const entry = registry.find(each => names(each).includes(name))
    if (entry !== undefined) return { kind: 'command', entry, rest: args.slice(count) }
  }
  for (let count = words.length; count > 0; count--) {
    const group = words.slice(0, count).join(' ')
    if (!registry.some(({ name }) => name.startsWith(`${group} `))) continue
    if (count === words.length) return { kind: 'group', words: words.slice(0, count) }
    return unknown(words.slice(0, count + 1).join(' '))
  }
  return words.length === 0 ? { kind: 'group', words: [] } : unknown(words.slice(0, 1).join(' '))
}

const unknown = (typed: string): Found => {
  const groups = registry.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0] ?? name] : []))
  return { kind: 'unknown', typed, suggestion: nearestName(typed, [...registry.flatMap(names), ...groups]) }
}
