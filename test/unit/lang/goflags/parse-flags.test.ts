import { describe, expect, expectTypeOf, it } from 'vitest'
import { type FlagSpec, flagHelp, MAX_ARGUMENTS, nearestName, parseFlags } from '../../../../src/lang/goflags/index.ts'

const table = [
  { name: 'detach', type: 'boolean', usage: 'Return at once.' },
  {
    name: 'address',
    type: 'string',
    default: 'http://127.0.0.1:4646',
    placeholder: '<addr>',
    usage: 'The address of the server.',
  },
  { name: 'count', type: 'int', usage: 'How many.' },
  { name: 'ratio', type: 'float', default: 0.5, usage: 'Which part.' },
  { name: 'deadline', type: 'duration', default: 3_600_000, usage: 'How long.' },
  { name: 'var-file', type: 'list', usage: 'A file with variables.' },
  { name: 'meta', type: 'map', usage: 'A pair of metadata.' },
] as const satisfies readonly FlagSpec[]

const parsed = (...args: string[]) => {
  const result = parseFlags(table, args)
  if (result.kind !== 'parsed')
    throw new Error(`expected ${JSON.stringify(args)} to parse, got ${JSON.stringify(result)}`)
  return result
}

const refused = (...args: string[]) => {
  const result = parseFlags(table, args)
  if (result.kind !== 'error')
    throw new Error(`expected ${JSON.stringify(args)} to be refused, got ${JSON.stringify(result)}`)
  return result.error
}

describe('parseFlags', () => {
  it('gives every flag its default or its zero value when nothing is given', () => {
    const { values, given, positionals } = parsed()
    expect(values).toEqual({
      detach: false,
      address: 'http://127.0.0.1:4646',
      count: 0,
      ratio: 0.5,
      deadline: 3_600_000,
      'var-file': [],
      meta: {},
    })
    expect([...given]).toEqual([])
    expect(positionals).toEqual([])
  })

  it('types each value by its row', () => {
    const { values } = parsed()
    expectTypeOf(values.detach).toEqualTypeOf<boolean>()
    expectTypeOf(values.count).toEqualTypeOf<number>()
    expectTypeOf(values['var-file']).toEqualTypeOf<readonly string[]>()
  })

  it.each([['-address=x'], ['--address=x'], ['-address', 'x'], ['--address', 'x']])(
    'reads a string from %j',
    (...args) => {
      expect(parsed(...args).values.address).toBe('x')
    },
  )

  it('reads the dispatch of the tutorial: a pair, then the job', () => {
    const { values, positionals } = parsed('-meta', 'budget=200', 'pytechco-setup')
    expect(values.meta).toEqual({ budget: '200' })
    expect(positionals).toEqual(['pytechco-setup'])
  })

  it('keeps the equals signs of a value and the empty value', () => {
    expect(parsed('-meta', 'query=a=b', '-meta=empty=').values.meta).toEqual({ query: 'a=b', empty: '' })
    expect(parsed('-address=').values.address).toBe('')
  })

  it('collects a repeated list in order and lets the last scalar win', () => {
    const { values, given } = parsed('-var-file=a', '-var-file', 'b', '-count=1', '-count=2')
    expect(values['var-file']).toEqual(['a', 'b'])
    expect(values.count).toBe(2)
    expect([...given]).toEqual(['var-file', 'count'])
  })

  it.each<[string, boolean]>([
    ['-detach', true],
    ['-detach=false', false],
    ['-detach=F', false],
    ['-detach=1', true],
    ['--detach=True', true],
  ])('reads the boolean %s as %s', (argument, value) => {
    expect(parsed(argument).values.detach).toBe(value)
  })

  it('does not let a boolean take the next argument', () => {
    const { values, positionals } = parsed('-detach', 'false')
    expect(values.detach).toBe(true)
    expect(positionals).toEqual(['false'])
  })

  it('lets a flag that needs a value take the next argument even if that looks like a flag', () => {
    expect(parsed('-address', '-detach').values).toMatchObject({ address: '-detach', detach: false })
  })

  it.each<[string, number]>([
    ['-count=-3', -3],
    ['-count=0x10', 16],
    ['-count=0b11', 3],
    ['-count=017', 15],
    ['-count=0o17', 15],
    ['-count=1_000', 1000],
  ])('reads the whole number %s', (argument, value) => {
    expect(parsed(argument).values.count).toBe(value)
  })

  it('reads durations in ms and floats', () => {
    expect(parsed('-deadline=1h30m', '-ratio', '1e-2').values).toMatchObject({ deadline: 5_400_000, ratio: 0.01 })
  })

  it('stops at the first positional and names flags that come too late', () => {
    const { values, positionals, misplaced } = parsed('web', '-detach', '-other')
    expect(values.detach).toBe(false)
    expect(positionals).toEqual(['web', '-detach', '-other'])
    expect(misplaced).toEqual(['-detach'])
  })

  it('takes everything after two dashes as positionals', () => {
    expect(parsed('-detach', '--', '-count=2')).toMatchObject({
      positionals: ['-count=2'],
      misplaced: [],
      values: { count: 0 },
    })
  })

  it('takes a lone dash as a positional', () => {
    expect(parsed('-').positionals).toEqual(['-'])
  })

  it.each(['-h', '-help', '--help'])('asks for help on %s', argument => {
    expect(parseFlags(table, [argument])).toEqual({ kind: 'help' })
  })

  it('names an unknown flag and suggests the nearest', () => {
    expect(refused('-adress=x')).toEqual({
      code: 'FLAG_UNKNOWN',
      flag: '-adress',
      message: 'flag provided but not defined: -adress',
      hint: 'did you mean -address?',
    })
    expect(refused('-zzzzzz').hint).toContain('-help')
  })

  it.each<[string[], string, string]>([
    [['-address'], 'FLAG_VALUE_MISSING', 'flag needs an argument: -address'],
    [['-count=x'], 'FLAG_VALUE_INVALID', 'invalid value "x" for flag -count'],
    [['-count=9007199254740993'], 'FLAG_VALUE_INVALID', 'invalid value "9007199254740993" for flag -count'],
    [['-detach=yes'], 'FLAG_VALUE_INVALID', 'invalid value "yes" for flag -detach'],
    [['-deadline=5'], 'FLAG_VALUE_INVALID', 'invalid value "5" for flag -deadline'],
    [['-meta=novalue'], 'FLAG_VALUE_INVALID', 'invalid value "novalue" for flag -meta'],
    [['-meta==x'], 'FLAG_VALUE_INVALID', 'invalid value "=x" for flag -meta'],
    [['---detach'], 'FLAG_SYNTAX_INVALID', 'bad flag syntax: ---detach'],
    [['-=x'], 'FLAG_SYNTAX_INVALID', 'bad flag syntax: -=x'],
  ])('refuses %j with %s', (args, code, message) => {
    const error = refused(...args)
    expect([error.code, error.message]).toEqual([code, message])
    expect(error.hint).not.toBe('')
  })

  it('refuses more arguments than its limit and reads that many', () => {
    expect(
      parseFlags(
        table,
        Array.from({ length: MAX_ARGUMENTS }, () => 'x'),
      ).kind,
    ).toBe('parsed')
    expect(refused(...Array.from({ length: MAX_ARGUMENTS + 1 }, () => 'x')).code).toBe('ARGUMENTS_TOO_MANY')
  })

  it('keeps a metadata key that names a property of every object', () => {
    expect(Object.entries(parsed('-meta=__proto__=x').values.meta)).toEqual([['__proto__', 'x']])
    expect(Object.entries(parsed('-meta=__proto__=x', '-meta=constructor=y').values.meta)).toEqual([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ])
  })
})

describe('flagHelp', () => {
  it('lists every flag with its placeholder and its usage, wrapped', () => {
    const help = flagHelp([table[0], table[1], { name: 'long', type: 'int', usage: 'word '.repeat(30) }])
    expect(help.split('\n').slice(0, 5)).toEqual([
      '  -detach',
      '    Return at once.',
      '',
      '  -address=<addr>',
      '    The address of the server.',
    ])
    expect(Math.max(...help.split('\n').map(line => line.length))).toBeLessThan(80)
    expect(help.match(/word/g)).toHaveLength(30)
  })
})

describe('nearestName', () => {
  it('suggests nothing for what is far from everything', () => {
    expect(nearestName('xyz', ['address', 'region'])).toBeNull()
    expect(nearestName('regoin', ['address', 'region'])).toBe('region')
    expect(nearestName('a', ['b'])).toBeNull()
  })
})
