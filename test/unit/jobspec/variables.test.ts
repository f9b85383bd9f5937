import { describe, expect, it } from 'vitest'
import type { VariableInput } from '../../../src/jobspec/variables.ts'
import { badJobFile, goodJobFile, jobFile } from '../../support/job-files.ts'

/** What the expression comes to, as JSON, with these lines before the job. */
const valueOf = async (top: string, expression: string, variables: Partial<VariableInput> = {}): Promise<unknown> => {
  const { job } = await goodJobFile(jobFile({ top, task: `config {\n it = ${expression}\n }` }), variables)
  return job.groups[0]?.tasks[0]?.config['it']
}

const findingsOf = async (top: string, variables: Partial<VariableInput> = {}): Promise<readonly string[]> => {
  const found = await badJobFile(jobFile({ top }), variables)
  return found.map(({ line, summary, detail }) => `${line} ${summary}: ${detail}`)
}

const flag = (name: string, value: string): Partial<VariableInput> => ({ flags: [{ name, value }] })
const variable = (lines: string): string => `variable "x" {\n ${lines}\n}`

describe('the value of a variable', () => {
  const top = variable('default = "default"')
  const environment = { x: 'environment' }
  const files = [
    { name: 'one.hcl', content: 'x = "one"\n' },
    { name: 'two.hcl', content: 'x = "two"\n' },
  ]
  const flags = [
    { name: 'x', value: 'first' },
    { name: 'x', value: 'last' },
  ]

  it.each<[string, Partial<VariableInput>]>([
    ['default', {}],
    ['environment', { environment }],
    ['one', { environment, files: files.slice(0, 1) }],
    ['two', { environment, files }],
    ['first', { environment, files, flags: flags.slice(0, 1) }],
    ['last', { environment, files, flags }],
  ])('is the %s one where nothing goes before it', async (expected, variables) => {
    expect(await valueOf(top, 'var.x', variables)).toBe(expected)
  })

  it.each<[string, string, unknown]>([
    ['type = string', '5', '5'],
    ['type = string', '["a"]', '["a"]'],
    ['type = number', '5', 5],
    ['type = number', '-1.5', -1.5],
    ['type = bool', 'true', true],
    ['type = bool', '0', false],
    ['type = list(string)', '["a", 1]', ['a', '1']],
    ['type = set(number)', '[3, 1, 3]', [1, 3]],
    ['type = map(number)', '{ a = "1" }', { a: 1 }],
    ['type = object({ port = number, name = optional(string, "web") })', '{ port = 80 }', { port: 80, name: 'web' }],
    ['type = tuple([string, number])', '["a", 1]', ['a', 1]],
    ['type = any', '[1]', [1]],
    ['type = any', 'some text', 'some text'],
    ['default = 1', '2', 2],
    ['default = false', 'true', true],
    ['default = ["a"]', '["b"]', ['b']],
    ['default = { a = 1 }', '{ a = 2 }', { a: 2 }],
    ['default = "a"', '[1]', '[1]'],
    ['', '[1]', '[1]'],
  ])('declared with %j and given as %j is read by its type', async (lines, text, expected) => {
    expect(await valueOf(variable(lines), 'var.x', flag('x', text))).toEqual(expected)
    expect(await valueOf(variable(lines), 'var.x', { environment: { x: text } })).toEqual(expected)
  })

  it('may come from a file of JSON', async () => {
    const files = [{ name: 'v.json', content: '{ "x": [1, "${a}"] }' }]
    expect(await valueOf(variable('type = list(string)'), 'var.x', { files })).toEqual(['1', '${a}'])
    for (const content of ['[1]', '{ "x": }']) {
      const found = await findingsOf(variable('default = 1'), { files: [{ name: 'v.json', content }] })
      expect(found.join('\n')).toContain('Invalid file of variables: In v.json: ')
    }
  })

  it('of the short form has its default', async () => {
    expect(await valueOf('variables {\n a = 1\n b = [true]\n}', '[var.a, var.b]')).toEqual([1, [true]])
  })

  it('is read by what is in the environment only where the file declares it', async () => {
    expect(await valueOf(top, 'var.x', { environment: { nobody: '1' } })).toBe('default')
  })

  it('may be null by default', async () => {
    expect(await valueOf(variable('type = string\n default = null'), 'var.x == null')).toBe(true)
  })
})

describe('a variable that cannot be', () => {
  it('is refused where it is unset, and the hint says how to set it', async () => {
    const [found] = await badJobFile(jobFile({ top: variable('type = string'), task: 'user = var.x' }))
    expect(found).toMatchObject({ summary: 'Unset variable', line: 1, column: 1 })
    expect(found?.hint).toBe("Give it with -var 'x=…', in a -var-file, or as NOMAD_VAR_x.")
  })

  it.each<[string, Partial<VariableInput>, string]>([
    ['type = number', flag('x', 'many'), "-var 'x=…' does not fit"],
    ['type = number', { environment: { x: 'many' } }, 'NOMAD_VAR_x does not fit'],
    ['type = number', { files: [{ name: 'v.hcl', content: 'x = []\n' }] }, 'v.hcl does not fit'],
    ['type = bool', flag('x', 'yes'), 'a bool is required'],
    ['type = list(string)', flag('x', '['), 'something that is no expression'],
    ['type = list(string)', flag('x', 'a'), 'something that is no expression'],
    ['type = list(number)', flag('x', '["a"]'), 'at [0]: a number is required'],
    ['type = object({ a = string })', flag('x', '{}'), 'does not fit'],
    ['type = number\n default = "a"', {}, 'Its default does not fit'],
  ])('declared with %j is refused by its type', async (lines, variables, detail) => {
    const found = await findingsOf(variable(lines), variables)
    expect(found.join('\n')).toContain('Invalid value for variable')
    expect(found.join('\n')).toContain(detail)
  })

  it.each<[string, string]>([
    [variable('type = strin'), 'Invalid type specification'],
    [variable('nullable = true'), 'A variable has no "nullable"'],
    [variable('checks {\n}'), 'A variable has no "checks" blocks'],
    [`${variable('')}\n${variable('')}`, 'Duplicate variable'],
    [`${variable('default = 1')}\nvariables {\n x = 2\n}`, 'Duplicate variable'],
    ['variable {\n}', 'Missing label'],
    [variable('default = local.a'), 'local'],
  ])('as in %j is refused', async (top, detail) => {
    expect((await findingsOf(top)).join('\n')).toContain(detail)
  })

  it.each<[string, Partial<VariableInput>]>([
    ["-var 'y=…'", flag('y', '1')],
    ['The file v.hcl', { files: [{ name: 'v.hcl', content: 'y = 1\n' }] }],
  ])('that is not declared is refused from %s, and a warning where that is asked for', async (from, variables) => {
    const top = variable('default = 1')
    const detail = `${from} gives a value to "y", which the file does not declare.`
    expect((await findingsOf(top, variables)).join('\n')).toContain(`Undefined variable: ${detail}`)
    const { warnings } = await goodJobFile(jobFile({ top }), { ...variables, isStrict: false })
    expect(warnings).toMatchObject([{ severity: 'warning', detail, hint: 'Did you mean "x"?' }])
  })

  it('in a file of variables is refused with the place in that file', async () => {
    const files = [{ name: 'v.hcl', content: '\n  x = var.y\n  block {\n  }\n' }]
    const found = await findingsOf(variable('default = 1'), { files })
    expect(found.join('\n')).toContain('In v.hcl:2:7:')
    expect(found.join('\n')).toContain('In v.hcl:3:3:')
  })
})

describe('a validation', () => {
  const top = (condition: string): string =>
    variable(`type = number\n validation {\n condition = ${condition}\n error_message = "Take \${1 + 1} or more."\n }`)

  it('lets pass what it holds for', async () => {
    expect(await valueOf(top('var.x >= 2'), 'var.x', flag('x', '2'))).toBe(2)
  })

  it('refuses what it does not hold for, in its own words', async () => {
    expect(await findingsOf(top('var.x >= 2'), flag('x', '1'))).toEqual([
      '4 Invalid value for variable: Take 2 or more.',
    ])
  })

  it('that is no question is refused', async () => {
    expect((await findingsOf(top('[]'), flag('x', '1'))).join('\n')).toContain('is not valid')
    expect((await findingsOf(variable('validation {\n }'), flag('x', '1'))).join('\n')).toContain('Missing condition')
  })
})

describe('local values', () => {
  it('stand in any order and in several blocks', async () => {
    const top = 'locals {\n a = "${local.b}!"\n b = local.c + 1\n}\nlocals {\n c = var.x\n}\nvariables {\n x = 1\n}'
    expect(await valueOf(top, 'local.a')).toBe('2!')
  })

  it('may be read as a whole by one of them', async () => {
    expect(await valueOf('locals {\n all = keys(local)\n a = 1\n b = 2\n}', 'local.all')).toEqual(['a', 'b'])
  })

  it('keep what only a node knows', async () => {
    expect(await valueOf('locals {\n a = "${node.class}-${greeting}"\n}', 'local.a')).toBe('${node.class}-${greeting}')
  })

  it.each<[string, readonly string[]]>([
    ['a = local.a', ['a']],
    ['a = local.b\n b = local.a', ['a', 'b']],
    ['a = local.b\n b = local.c\n c = local.b\n d = 1', ['a', 'b', 'c']],
    ['a = keys(local)\n b = keys(local)', ['a', 'b']],
  ])('in a ring are refused: %j', async (lines, names) => {
    const found = await findingsOf(`locals {\n ${lines}\n}`)
    expect(found.map(text => /The local value "(\w+)" refers to itself/.exec(text)?.[1])).toEqual(names)
  })

  it('of one name twice, and blocks among them, are refused', async () => {
    const found = await findingsOf('locals {\n a = 1\n}\nlocals {\n a = 2\n b {\n }\n}')
    expect(found.map(text => text.split(':')[0])).toEqual(['5 Duplicate local value', '6 Unsupported block'])
  })

  it('that are not there are refused, with what was meant', async () => {
    const [found] = await badJobFile(jobFile({ top: 'locals {\n image = "a"\n}', task: 'kill_signal = local.imge' }))
    expect(found?.hint).toBe('Did you mean "image"?')
  })

  it('are settled in time that grows with their number, whatever their order', async () => {
    const count = 5_000
    const lines = Array.from({ length: count }, (_, index) => `l${index} = local.l${index + 1}`)
    const started = performance.now()
    expect(await valueOf(`locals {\n ${lines.join('\n')}\n l${count} = 7\n}`, 'local.l0')).toBe(7)
    expect(performance.now() - started).toBeLessThan(3_000)
  })
})
