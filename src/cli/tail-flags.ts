import { usageError } from './refusal.ts'

/** Flags of commands that print a file or a log, or the end of one. */
export const tailFlags = [
  { name: 'f', type: 'boolean', usage: 'Follow: go on with what is written until Ctrl-C.' },
  { name: 'tail', type: 'boolean', usage: 'Only the end: the last lines (-n) or bytes (-c).' },
  {
    name: 'n',
    type: 'int',
    default: -1,
    placeholder: '<lines>',
    usage: 'With -tail: how many lines, 10 if not given.',
  },
  { name: 'c', type: 'int', default: -1, placeholder: '<bytes>', usage: 'With -tail: how many bytes.' },
] as const

/** Where to begin. */
export type Tail =
  | { readonly kind: 'all' }
  | { readonly kind: 'lines'; readonly count: number }
  | { readonly kind: 'bytes'; readonly count: number }

const DEFAULT_LINES = 10
/** More lines than these are asked for as everything. */
const MAX_TAIL_LINES = 100_000

type TailFlags = { readonly tail: boolean; readonly n: number; readonly c: number }

export const tailOf = ({ tail, n, c }: TailFlags): Tail => {
  if (n >= 0 && c >= 0) throw usageError('-n and -c exclude one another')
  if (!tail && (n >= 0 || c >= 0)) throw usageError('-n and -c count from the end', 'add -tail')
  if (!tail) return { kind: 'all' }
  if (c >= 0) return { kind: 'bytes', count: c }
  const count = n >= 0 ? n : DEFAULT_LINES
  if (count > MAX_TAIL_LINES)
    throw usageError(`-n takes at most ${MAX_TAIL_LINES} lines`, 'print everything, without -tail')
  return { kind: 'lines', count }
}
