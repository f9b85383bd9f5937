import { nearestName } from '../goflags/nearest-name.ts'
import { parseGoBoolean } from '../goflags/parse-flag-value.ts'
import { compileRegex } from '../regex/index.ts'
import { type Expression, type FilterError, FilterSyntaxError, type Match, type Value } from './expression.ts'
import { parseExpression } from './parse.ts'

/** A field that a selector may name. A missing text counts as an empty one. */
export type FilterField<T> =
  | { readonly type: 'text'; readonly of: (row: T) => string | null | undefined }
  | { readonly type: 'number'; readonly of: (row: T) => number }
  | { readonly type: 'boolean'; readonly of: (row: T) => boolean }
  | { readonly type: 'texts'; readonly of: (row: T) => readonly string[] }
  /** Texts by key: `Meta.rack` is one of them, `Meta` all. */
  | { readonly type: 'pairs'; readonly of: (row: T) => ReadonlyMap<string, string> }

export type FilterFields<T> = Readonly<Record<string, FilterField<T>>>

export type Filter<T> = {
  readonly matches: (row: T) => boolean
  /** The fields that it looks at. */
  readonly names: ReadonlySet<string>
}

export type CompiledFilter<T> =
  | { readonly ok: true; readonly filter: Filter<T> }
  | { readonly ok: false; readonly error: FilterError }

type Test<T> = (row: T) => boolean
type Compiler<T> = { readonly fields: FilterFields<T>; readonly names: Set<string> }
type TextOperator = Exclude<Match['operator'], 'is-empty'>

/** Names are taken in any case: those of Nomad (`JobID`) and those that `-json` prints (`jobId`) mean the same. */
const nameIn = (fields: FilterFields<never>, typed: string): string | undefined =>
  Object.keys(fields).find(name => name.toLowerCase() === typed.toLowerCase())

const unfit = (match: Match, type: string): FilterSyntaxError => {
  const [name] = match.selector.path
  const what = match.operator === 'is-empty' ? '"is empty"' : `"${match.operator === 'equals' ? '==' : match.operator}"`
  return new FilterSyntaxError(`${what} cannot be asked of ${name}, which is ${type}`, match.selector.offset)
}

/** What one text is asked: whether it equals, holds or fits the value. */
const textTest = (operator: TextOperator, { text, offset }: Value): ((actual: string) => boolean) => {
  switch (operator) {
    case 'equals':
      return actual => actual === text
    case 'contains':
      return actual => actual.includes(text)
    case 'matches': {
      const compiled = compileRegex(text)
      if (!compiled.ok) {
        throw new FilterSyntaxError(`the regular expression cannot be used: ${compiled.message}`, offset)
      }
      return compiled.regex.test
    }
  }
}

const numberOf = ({ text, offset }: Value): number => {
  const value = /^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isNaN(value)) throw new FilterSyntaxError(`"${text}" is no number`, offset)
  return value
}

const booleanOf = ({ text, offset }: Value): boolean => {
  const value = parseGoBoolean(text)
  if (value === null) throw new FilterSyntaxError(`"${text}" is neither true nor false`, offset)
  return value
}

/** One entry of pairs: a key that is not there equals, holds and fits nothing, and is empty. */
const entryTest = <T>(match: Match, key: string, of: (row: T) => ReadonlyMap<string, string>): Test<T> => {
  if (match.operator === 'is-empty') return row => (of(row).get(key) ?? '') === ''
  const test = textTest(match.operator, match.value)
  return row => {
    const actual = of(row).get(key)
    return actual !== undefined && test(actual)
  }
}

const fieldTest = <T>(match: Match, field: FilterField<T>): Test<T> => {
  switch (field.type) {
    case 'text': {
      const { of } = field
      const test =
        match.operator === 'is-empty' ? (actual: string) => actual === '' : textTest(match.operator, match.value)
      return row => test(of(row) ?? '')
    }
    case 'number': {
      if (match.operator !== 'equals') throw unfit(match, 'a number')
      const wanted = numberOf(match.value)
      return row => field.of(row) === wanted
    }
    case 'boolean': {
      if (match.operator !== 'equals') throw unfit(match, 'true or false')
      const wanted = booleanOf(match.value)
      return row => field.of(row) === wanted
    }
    case 'texts': {
      if (match.operator === 'is-empty') return row => field.of(row).length === 0
      if (match.operator !== 'contains') throw unfit(match, 'a list')
      const { text } = match.value
      return row => field.of(row).includes(text)
    }
    case 'pairs': {
      if (match.operator === 'is-empty') return row => field.of(row).size === 0
      if (match.operator !== 'contains') throw unfit(match, 'a set of pairs')
      const { text } = match.value
      return row => field.of(row).has(text)
    }
  }
}

const compileMatch = <T>({ fields, names }: Compiler<T>, match: Match): Test<T> => {
  const { path, offset } = match.selector
  const [typed = '', ...keys] = path
  const name = nameIn(fields, typed)
  const field = name === undefined ? undefined : fields[name]
  if (name === undefined || field === undefined) {
    const known = Object.keys(fields)
    const near = nearestName(typed, known)
    const hint = near === null ? `there are ${known.join(', ')}` : `did you mean ${near}?`
    throw new FilterSyntaxError(`there is no field "${typed}": ${hint}`, offset)
  }
  names.add(name)
  if (keys.length === 0) return fieldTest(match, field)
  if (field.type === 'pairs') return entryTest(match, keys.join('.'), field.of)
  throw new FilterSyntaxError(`there is nothing inside of ${name}`, offset)
}

const compileExpression = <T>(compiler: Compiler<T>, expression: Expression): Test<T> => {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const left = compileExpression(compiler, expression.left)
      const right = compileExpression(compiler, expression.right)
      return expression.kind === 'and' ? row => left(row) && right(row) : row => left(row) || right(row)
    }
    case 'not': {
      const operand = compileExpression(compiler, expression.operand)
      return row => !operand(row)
    }
    case 'match': {
      const test = compileMatch(compiler, expression.match)
      return expression.isNegated ? row => !test(row) : test
    }
  }
}

/** Reads an expression over rows with these fields; what is wrong with it shows before any row is looked at. */
export const compileFilter = <T>(source: string, fields: FilterFields<T>): CompiledFilter<T> => {
  const names = new Set<string>()
  try {
    const matches = compileExpression({ fields, names }, parseExpression(source))
    return { ok: true, filter: { matches, names } }
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error
    return { ok: false, error: { message: error.message, offset: error.offset } }
  }
}
