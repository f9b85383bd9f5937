import { describe, expect, it } from 'vitest'
import {
  builtinNames,
  envFunctions,
  helperFunctions,
  MAX_SERVICE_QUERY_LENGTH,
  parseTemplate,
  type ServiceInstance,
  serviceFunctions,
  type TemplateOptions,
  unavailableFunctions,
  whyUnavailable,
} from '../../../../../src/lang/gotemplate/index.ts'

const render = (source: string, options: TemplateOptions): string => {
  const parsed = parseTemplate(source, options)
  if (!parsed.ok) throw new Error(parsed.error.message)
  const rendered = parsed.template.execute(null)
  return rendered.ok ? rendered.text : `error: ${rendered.error.message}`
}

describe('envFunctions', () => {
  const values = new Map([
    ['NAME', 'web'],
    ['EMPTY', ''],
  ])
  const functions = envFunctions(name => values.get(name))

  it.each<[string, string]>([
    ['{{ env "NAME" }}{{ env "EMPTY" }}{{ env "NONE" }}', 'web'],
    ['{{ envOrDefault "NAME" "d" }}{{ envOrDefault "EMPTY" "d" }}{{ envOrDefault "NONE" "d" }}', 'webd'],
    ['{{ mustEnv "NAME" }}', 'web'],
    ['{{ mustEnv "EMPTY" }}', 'error: error calling mustEnv: required environment variable EMPTY is empty'],
    ['{{ mustEnv "NONE" }}', 'error: error calling mustEnv: required environment variable NONE is empty'],
    ['{{ env }}', 'error: wrong number of args for env: want 1 got 0'],
  ])('renders %s as %s', (source, text) => {
    expect(render(source, { functions })).toBe(text)
  })
})

const instance = (id: number, tags: readonly string[] = []): ServiceInstance => ({
  id: `_nomad-task-${id}`,
  name: 'redis',
  node: `node-${id}`,
  address: `10.0.0.${id}`,
  port: 20_000 + id,
  datacenter: 'dc1',
  tags,
  jobId: 'cache',
  allocId: `alloc-${id}`,
})

const catalogue = (instances: readonly ServiceInstance[]) =>
  serviceFunctions({
    services: () => [
      { name: 'web', tags: ['b', 'a'] },
      { name: 'redis', tags: [] },
    ],
    instances: (name, region) =>
      name === 'redis' && region === null ? instances : region === 'west' ? [instance(99)] : [],
  })

describe('serviceFunctions', () => {
  it('renders the redis of the tutorial', () => {
    const { functions } = catalogue([instance(1)])
    const source = '{{ range nomadService "redis" }}\nREDIS_HOST={{ .Address }}\nREDIS_PORT={{ .Port }}\n{{ end }}'
    expect(render(source, { functions })).toBe('\nREDIS_HOST=10.0.0.1\nREDIS_PORT=20001\n')
  })

  it('gives every field of an instance, its tags sorted', () => {
    const { functions } = catalogue([instance(1, ['z', 'a'])])
    const source =
      '{{ range nomadService "redis" }}{{ .ID }} {{ .Name }} {{ .Node }} {{ .Datacenter }} {{ .Tags }} {{ .JobID }} {{ .AllocID }}{{ end }}'
    expect(render(source, { functions })).toBe('_nomad-task-1 redis node-1 dc1 [a z] cache alloc-1')
  })

  it('refuses a field that instances do not have', () => {
    const { functions } = catalogue([instance(1)])
    expect(render('{{ range nomadService "redis" }}{{ .Host }}{{ end }}', { functions })).toContain(
      "can't evaluate field Host",
    )
  })

  it('takes an empty list as a value', () => {
    expect(
      render('{{ range nomadService "none" }}x{{ else }}none yet{{ end }}', { functions: catalogue([]).functions }),
    ).toBe('none yet')
  })

  it('filters by the tag before the name and asks in the region behind it', () => {
    const { functions } = catalogue([instance(1, ['primary']), instance(2, ['v1.2']), instance(3)])
    const ports = (query: string): string =>
      render(`{{ range nomadService "${query}" }}{{ .Port }} {{ end }}`, { functions })
    expect(ports('redis')).toBe('20001 20002 20003 ')
    expect(ports('primary.redis')).toBe('20001 ')
    expect(ports('v1.2.redis')).toBe('20002 ')
    expect(ports('redis@west')).toBe('20099 ')
  })

  it('lists all services by name', () => {
    const source = '{{ range nomadServices }}{{ .Name }}{{ .Tags }} {{ end }}'
    expect(render(source, { functions: catalogue([]).functions })).toBe('redis[] web[a b] ')
  })

  it('chooses the same instances for a key whatever their order, and as many as asked for or as there are', () => {
    const instances = Array.from({ length: 10 }, (_, index) => instance(index))
    const choose = (from: readonly ServiceInstance[], count: number, key: string): string =>
      render(`{{ range nomadService ${count} "${key}" "redis" }}{{ .Port }} {{ end }}`, {
        functions: catalogue(from).functions,
      })
    const chosen = choose(instances, 3, 'client-a')
    expect(chosen.trim().split(' ')).toHaveLength(3)
    expect(choose(instances.toReversed(), 3, 'client-a')).toBe(chosen)
    expect(choose(instances, 20, 'client-a').trim().split(' ')).toHaveLength(10)
    expect(choose(instances, 0, 'client-a')).toBe('')
  })

  it('spreads keys over instances and moves only those whose instance is gone', () => {
    const instances = Array.from({ length: 5 }, (_, index) => instance(index))
    const choose = (from: readonly ServiceInstance[], key: string): string =>
      render(`{{ range nomadService 1 "${key}" "redis" }}{{ .Port }}{{ end }}`, {
        functions: catalogue(from).functions,
      })
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`)
    const before = keys.map(key => choose(instances, key))
    expect(new Set(before).size).toBe(5)
    const after = keys.map(key => choose(instances.slice(1), key))
    for (const [index, port] of before.entries()) if (port !== '20000') expect(after[index]).toBe(port)
  })

  it.each<[string, string]>([
    ['{{ nomadService "" }}', 'invalid format: "", expected [tag.]name[@region]'],
    ['{{ nomadService "a b" }}', 'invalid format: "a b"'],
    ['{{ nomadService 1 "redis" }}', 'expected arguments <service> or <count> <key> <service>'],
    ['{{ nomadService "1" "k" "redis" }}', 'wrong type for value; expected int; got string'],
    ['{{ nomadService -1 "k" "redis" }}', 'the count must not be negative: -1'],
  ])('refuses %s', (source, message) => {
    expect(render(source, { functions: catalogue([]).functions })).toContain(message)
  })

  it('refuses a query above the limit', () => {
    expect(
      render(`{{ nomadService "${'a'.repeat(MAX_SERVICE_QUERY_LENGTH + 1)}" }}`, {
        functions: catalogue([]).functions,
      }),
    ).toContain('invalid format')
    expect(
      render(`{{ len (nomadService "${'a'.repeat(MAX_SERVICE_QUERY_LENGTH)}") }}`, {
        functions: catalogue([]).functions,
      }),
    ).toBe('0')
  })

  it('remembers what was asked for, each service once', () => {
    const { functions, dependencies } = catalogue([])
    expect(dependencies()).toEqual({ services: [], readsCatalogue: false })
    render(
      '{{ nomadService "b.redis" }}{{ nomadService 1 "k" "redis" }}{{ nomadService "redis@west" }}{{ if false }}{{ nomadServices }}{{ end }}',
      { functions },
    )
    expect(dependencies()).toEqual({
      services: [
        { name: 'redis', region: null },
        { name: 'redis', region: 'west' },
      ],
      readsCatalogue: false,
    })
    render('{{ nomadServices }}', { functions })
    expect(dependencies().readsCatalogue).toBe(true)
  })
})

describe('the functions that are not here', () => {
  it.each<[string, string | null]>([
    ['key', 'needs Consul'],
    ['service', 'needs Consul'],
    ['secret', 'needs Vault'],
    ['pkiCert', 'needs Vault'],
    ['nomadVar', 'not supported yet'],
    ['sprig_upper', 'not supported yet'],
    ['plugin', 'denied'],
    ['nomadServise', null],
    ['constructor', null],
  ])('say of %s: %s', (name, reason) => {
    expect(whyUnavailable(name)).toBe(reason)
  })

  it('are not among those that are', () => {
    const here = new Set([
      ...builtinNames,
      ...helperFunctions(() => 0).keys(),
      ...envFunctions(() => '').keys(),
      ...catalogue([]).functions.keys(),
    ])
    expect([...unavailableFunctions.keys()].filter(name => here.has(name))).toEqual([])
  })
})
