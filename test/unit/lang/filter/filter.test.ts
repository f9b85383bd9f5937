import { describe, expect, it } from 'vitest'
import {
  compileFilter,
  type FilterFields,
  MAX_FILTER_DEPTH,
  MAX_FILTER_LENGTH,
} from '../../../../src/lang/filter/index.ts'

type Row = {
  readonly jobId: string
  readonly priority: number
  readonly isStopped: boolean
  readonly tags: readonly string[]
}

const fields: FilterFields<Row> = {
  JobID: { type: 'text', of: row => row.jobId },
  Priority: { type: 'number', of: row => row.priority },
  Stop: { type: 'boolean', of: row => row.isStopped },
  Tags: { type: 'texts', of: row => row.tags },
  Meta: { type: 'pairs', of: () => new Map([['kernel.name', 'linux']]) },
}
const web: Row = { jobId: 'web', priority: 50, isStopped: false, tags: ['a'] }

const errorOf = (source: string) => {
  const compiled = compileFilter(source, fields)
  if (compiled.ok) throw new Error(`${source} was taken`)
  return compiled.error
}
const holds = (source: string): boolean => {
  const compiled = compileFilter(source, fields)
  if (!compiled.ok) throw new Error(compiled.error.message)
  return compiled.filter.matches(web)
}

describe('a filter', () => {
  it.each([
    'JobID == web',
    'jobId == `web`',
    'JobID matches "^w.b$"',
    'not (JobID == "x" or Stop == true)',
    'not JobID == "x" and Priority == 50',
    'JobID == "x" and Stop == true or Stop == false',
    'Meta["kernel.name"] == linux',
    'Meta.kernel.name == linux',
    '"/Meta/kernel.name" in "/JobID" or kernel.name in Meta',
    'Meta.other is empty and Meta.other != "" and "x" not in Meta.other',
  ])('takes %s', source => {
    expect(holds(source)).toBe(true)
  })

  it('tells which fields it looks at, by their own names', () => {
    const compiled = compileFilter('jobid == "x" or meta.a == "y"', fields)
    expect(compiled.ok && [...compiled.filter.names]).toEqual(['JobID', 'Meta'])
  })

  it.each([
    ['Statsu == "x"', 0, 'there is no field "Statsu"'],
    ['JobIDs == "x"', 0, 'did you mean JobID?'],
    ['JobID.x == "x"', 0, 'there is nothing inside of JobID'],
    ['JobID = "x"', 6, 'equality is written =='],
    ['JobID == ', 9, 'a value is missing before the end'],
    ['JobID', 5, 'is missing before the end'],
    ['JobID is nil', 6, 'is missing before "is"'],
    ['JobID == "x" Stop == true', 13, '"and" or "or" is missing before "Stop"'],
    ['JobID == "x" and', 16, 'a comparison is missing before the end'],
    ['(JobID == "x"', 13, 'a closing parenthesis is missing before the end'],
    ['JobID == "x")', 12, '"and" or "or" is missing before ")"'],
    ['JobID == "x', 9, 'the text that begins here does not end'],
    [String.raw`JobID == "\q"`, 9, 'has an escape that is none'],
    ['ID == 5b0c2d1e', 6, 'this is no number; text wants quotes'],
    ['JobID == %', 9, 'means nothing here'],
    ['"x" == JobID', 0, 'the name of a field is missing before "x"'],
    ['JobID matches "("', 14, 'the regular expression cannot be used'],
    ['Priority == high', 12, '"high" is no number'],
    ['Priority contains 5', 0, '"contains" cannot be asked of Priority, which is a number'],
    ['Stop == maybe', 8, '"maybe" is neither true nor false'],
    ['Stop is empty', 0, '"is empty" cannot be asked of Stop'],
    ['Tags == "a"', 0, '"==" cannot be asked of Tags, which is a list'],
    ['Meta matches "a"', 0, '"matches" cannot be asked of Meta, which is a set of pairs'],
    ['', 0, 'a comparison is missing before the end'],
  ] as const)('refuses %s at %i', (source, offset, message) => {
    const error = errorOf(source)
    expect(error.message).toContain(message)
    expect(error.offset).toBe(offset)
  })

  it('may be as long as the limit and no longer', () => {
    const long = (length: number): string => `JobID == "${'x'.repeat(length - 11)}"`
    expect(holds(`not ${long(MAX_FILTER_LENGTH - 5)} `)).toBe(true)
    expect(compileFilter(long(MAX_FILTER_LENGTH), fields).ok).toBe(true)
    expect(errorOf(long(MAX_FILTER_LENGTH + 1)).message).toContain(`the limit is ${MAX_FILTER_LENGTH}`)
  })

  it('may be as deep as the limit and no deeper', () => {
    const deep = (depth: number): string => `${'('.repeat(depth)}Stop == false${')'.repeat(depth)}`
    const negated = (depth: number): string => `${'not '.repeat(depth)}Stop == false`
    for (const nested of [deep, negated]) {
      expect(holds(nested(MAX_FILTER_DEPTH - 2))).toBe(true)
      expect(holds(nested(MAX_FILTER_DEPTH))).toBe(true)
      expect(errorOf(nested(MAX_FILTER_DEPTH + 1)).message).toContain(`more than ${MAX_FILTER_DEPTH} levels deep`)
    }
  })

  it('takes a time in proportion to the text that an expression is matched against', () => {
    const compiled = compileFilter('JobID matches "^(a+)+$"', fields)
    expect(compiled.ok && compiled.filter.matches({ ...web, jobId: `${'a'.repeat(40_000)}b` })).toBe(false)
  })
})
