import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { changedNames } from '../../../src/config/changed-names.ts'
import { MAX_CONFIG_BYTES, MAX_CONFIG_FILES, MAX_CONFIG_FINDINGS } from '../../../src/config/limits.ts'
import { loadConfig } from '../../../src/config/load.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-config-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const write = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

const makeDirectory = (name: string, files: Readonly<Record<string, string>>): string => {
  mkdirSync(join(folder, name))
  for (const [file, text] of Object.entries(files)) write(join(name, file), text)
  return join(folder, name)
}

describe('loading a configuration', () => {
  it('reads files in the order given and directories in the order of names, later ones counting for more', () => {
    const directory = makeDirectory('conf.d', {
      '20.json': '{ "name": "json", "region": "r20" }',
      '10.hcl': 'name = "hcl"\nregion = "r10"\nclient {\n  servers = ["b"]\n}',
      '30.hcl~': 'name = "left by an editor"',
      '.#40.hcl': 'name = "left by an editor"',
      'README.md': 'no configuration',
    })
    mkdirSync(join(directory, '50.hcl'))
    const base = write('base.hcl', 'name = "base"\ndatacenter = "dc7"\nclient {\n  servers = ["a"]\n}')
    const { settings, files, isValid } = loadConfig([base, directory])
    expect(isValid).toBe(true)
    expect(settings).toMatchObject({ name: 'json', region: 'r20', datacenter: 'dc7', client: { servers: ['a', 'b'] } })
    expect(files).toEqual([base, join(directory, '10.hcl'), join(directory, '20.json')])
    expect(loadConfig([directory, base]).settings.name).toBe('base')
  })

  it('shows each finding at its place in its file', () => {
    const one = write('one.hcl', 'name = "n"\nautopilot {\n}\n')
    const two = write('two.hcl', 'server {\n  enabeld = true\n}\n')
    const { findings, isValid } = loadConfig([one, two])
    expect(isValid).toBe(false)
    expect(findings.map(({ filename, severity }) => [filename, severity])).toEqual([
      [one, 'warning'],
      [two, 'error'],
    ])
    expect(findings[1]?.text).toBe(
      [
        `${two}:2:3: error: Unsupported argument`,
        '',
        '  2 |   enabeld = true',
        '    |   ^^^^^^^',
        '',
        '  An argument named "enabeld" is not expected here.',
        '  hint: Did you mean "enabled"?',
      ].join('\n'),
    )
  })

  it('says which file cannot be read', () => {
    expect(() => loadConfig([join(folder, 'nowhere.hcl')])).toThrow(/nowhere\.hcl cannot be read: ENOENT/)
  })

  it('reads a file up to its limit and not beyond', () => {
    const comment = (bytes: number): string => `#${'x'.repeat(bytes - 1)}`
    expect(loadConfig([write('full.hcl', comment(MAX_CONFIG_BYTES))]).isValid).toBe(true)
    const over = write('over.hcl', comment(MAX_CONFIG_BYTES + 1))
    expect(() => loadConfig([over])).toThrow(`has ${MAX_CONFIG_BYTES + 1} bytes, the limit is ${MAX_CONFIG_BYTES}`)
  })

  it('reads as many files as the limit says and no more', () => {
    const path = write('small.hcl', '')
    expect(loadConfig(Array.from({ length: MAX_CONFIG_FILES }, () => path)).files).toHaveLength(MAX_CONFIG_FILES)
    const more = Array.from({ length: MAX_CONFIG_FILES + 1 }, () => path)
    expect(() => loadConfig(more)).toThrow(`has ${MAX_CONFIG_FILES + 1} files, the limit is ${MAX_CONFIG_FILES}`)
  })

  it('tells so many findings of one file and no more', () => {
    const faults = (count: number): string =>
      Array.from({ length: count }, (_, index) => `nothing_${index} = 1\n`).join('')
    const at = (name: string, count: number): number => loadConfig([write(name, faults(count))]).findings.length
    expect(at('some.hcl', MAX_CONFIG_FINDINGS - 1)).toBe(MAX_CONFIG_FINDINGS - 1)
    expect(at('many.hcl', MAX_CONFIG_FINDINGS)).toBe(MAX_CONFIG_FINDINGS)
    expect(at('more.hcl', MAX_CONFIG_FINDINGS + 1)).toBe(MAX_CONFIG_FINDINGS)
  })
})

describe('names of what changed', () => {
  it('are dotted paths, without values', () => {
    const before = { log: { level: 'info' }, client: { meta: { a: '1', b: '1' }, servers: ['x'] }, server: null }
    const after = { log: { level: 'debug' }, client: { meta: { a: '1' }, servers: ['x', 'y'] }, server: { port: 1 } }
    expect(changedNames(before, after)).toEqual(['client.meta.b', 'client.servers', 'log.level', 'server'])
    expect(changedNames(before, before)).toEqual([])
  })
})
