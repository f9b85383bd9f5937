import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import * as clientLimits from '../../src/agents/client/limits.ts'
import * as apiLimits from '../../src/api/graphql/limits.ts'
import { findEntry } from '../../src/cli/find-entry.ts'
import { globalFlags } from '../../src/cli/global-flags.ts'
import * as domainLimits from '../../src/domain/limits.ts'
import * as port from '../../src/eventstore/port.ts'
import { codeOf, type Document, isThere, readDocuments, tableOf } from '../support/documents.ts'
import { rooms } from '../support/rooms.ts'
import { readText, readTree, root } from '../support/source-tree.ts'

const documents = readDocuments()

const findings = (
  of: (document: Document) => readonly string[],
  pages: readonly Document[] = documents,
): readonly string[] => pages.flatMap(page => of(page).map(finding => `${page.path}: ${finding}`))

const planted = (text: string): readonly Document[] => [{ path: 'docs/planted.md', text }]

describe('the documents', () => {
  it('were found', () => {
    expect(documents.map(page => page.path)).toEqual(expect.arrayContaining(['README.md', 'docs/architecture.md']))
    expect(documents.length).toBeGreaterThan(7)
  })

  /** Paths have a slash and small letters at their start; `<…>` marks a pattern, a leading slash an address. */
  const missingPaths = ({ text }: Document): readonly string[] =>
    codeOf(text).filter(code => /^[a-z][\w.-]*(?:\/[\w.-]+)+\/?$/.test(code) && !isThere(code))

  it('name no file that does not exist', () => {
    expect(findings(missingPaths)).toEqual([])
  })

  it('would be caught naming a file that does not exist', () => {
    expect(
      findings(missingPaths, planted('see `domain/job/decide`, `agents/server/nobody` and `src/nothing.ts`')),
    ).toEqual(['docs/planted.md: agents/server/nobody', 'docs/planted.md: src/nothing.ts'])
  })

  const brokenLinks = ({ path, text }: Document): readonly string[] =>
    Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), match => match[1] ?? '').filter(
      link => !/^[a-z]+:/.test(link) && !existsSync(join(root, dirname(path), link.replace(/#.*$/, ''))),
    )

  it('have no link that leads nowhere', () => {
    expect(findings(brokenLinks)).toEqual([])
  })

  it('would be caught with a link that leads nowhere', () => {
    const text = '[model](model.md) [web](https://example.org/x) [gone](../nowhere.md#part)'
    expect(findings(brokenLinks, planted(text))).toEqual(['docs/planted.md: ../nowhere.md#part'])
  })

  const sources = ['src', 'test', 'scripts']
    .flatMap(folder => readTree(folder))
    .filter(file => !file.path.startsWith('test/architecture/'))
    .map(file => file.text)
  const words = new Set(sources.flatMap(source => source.match(/\b[A-Za-z_]\w+\b/g) ?? []))

  /** `camelCase` and `SCREAMING_CASE` are names in code; a template's or a file's own names are not written so. */
  const missingNames = ({ text }: Document): readonly string[] =>
    codeOf(text).filter(code => /^(?:[a-z]+(?:[A-Z][a-z]*)+|[A-Z]+(?:_[A-Z]+)+)$/.test(code) && !words.has(code))

  it('name no function, type or code that does not exist', () => {
    const exemplary = 'docs/style.md: SCREAMING_CASE'
    expect(findings(missingNames).filter(finding => finding !== exemplary)).toEqual([])
    expect(findings(missingNames, planted('`applyEvent`, `STORE_CORRUPT`, `applyNothing`, `NO_NOTHING`'))).toEqual([
      'docs/planted.md: applyNothing',
      'docs/planted.md: NO_NOTHING',
    ])
  })

  it('tell how to add something in a page of at most 15 lines', () => {
    const pages = documents.filter(page => page.path.startsWith('docs/how-to/'))
    expect(pages).toHaveLength(6)
    expect(pages.filter(page => page.text.split('\n').length > 15).map(page => page.path)).toEqual([])
  })

  const scripts: Readonly<Record<string, string>> = JSON.parse(readText('package.json')).scripts

  const missingScripts = ({ text }: Document): readonly string[] =>
    Array.from(text.matchAll(/\bnpm run ([\w:-]+)/g), match => match[1] ?? '').filter(
      name => !Object.hasOwn(scripts, name),
    )

  it('name no script that package.json does not have', () => {
    expect(findings(missingScripts)).toEqual([])
    expect(findings(missingScripts, planted('`npm run check`, `npm run nothing`'))).toEqual([
      'docs/planted.md: nothing',
    ])
  })
})

describe('commands in the documents', () => {
  const commandLines = (text: string): readonly string[] =>
    codeOf(text).flatMap(code => {
      const line = /^(?:bin\/)?muster (\S.*)$/.exec(code)?.[1]
      return line === undefined ? [] : [line]
    })

  /** What is wrong with a command line: a verb or a flag that there is none of. */
  const faultsOf = async (line: string): Promise<readonly string[]> => {
    const found = findEntry(line.split(/\s+/))
    if (found.kind === 'unknown') return [`muster ${line}`]
    if (found.kind === 'group') return []
    const { command } = await found.entry.load()
    const flags = new Set<string>([...command.flags, ...globalFlags].map(flag => flag.name))
    const given = found.rest.flatMap(word => /^\[?-([a-z][\w-]*)/.exec(word)?.[1] ?? [])
    return given.filter(flag => flag !== 'h' && !flags.has(flag)).map(flag => `muster ${line}: -${flag}`)
  }

  const faultsIn = async (pages: readonly Document[]): Promise<readonly string[]> =>
    (await Promise.all(pages.flatMap(page => commandLines(page.text)).map(faultsOf))).flat()

  it('are those of the table of commands, flags included', async () => {
    expect(documents.flatMap(page => commandLines(page.text)).length).toBeGreaterThan(8)
    expect(await faultsIn(documents)).toEqual([])
  })

  it('would be caught with a verb or a flag that there is none of', async () => {
    const text = '`muster job fly`, `bin/muster job stop -purge x`, `muster job run -gently a.hcl`'
    expect(await faultsIn(planted(text))).toEqual(['muster job fly', 'muster job run -gently a.hcl: -gently'])
  })
})

describe('docs/architecture.md', () => {
  const text = readText('docs/architecture.md')

  const named: Readonly<Record<string, readonly string[]>> = {
    everything: ['src'],
    'nothing of ours': [],
    "the store's port": ['src/eventstore/port.ts'],
  }

  const roomOfWord = (word: string): readonly string[] =>
    named[word] ?? [`src/${word.replaceAll('`', '').replace(' (types)', '')}`]

  it('has the table of rooms that the imports are held to', () => {
    const documented = tableOf(text, 'room').map(([room = '', , imports = '']) => [
      room.replaceAll('`', ''),
      imports.split(', ').flatMap(roomOfWord).toSorted(),
    ])
    const enforced = Object.entries(rooms).map(([room, rule]) => [
      room,
      [...rule.mayImport, ...(rule.typesOnly ?? [])].toSorted(),
    ])
    expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(enforced))
    expect(documented).toHaveLength(enforced.length)
  })

  it('says of the domain alone that it does without packages', () => {
    const without = Object.keys(rooms).filter(room => rooms[room]?.mayUsePackages === false)
    expect(without).toEqual(['src/domain'])
    expect(text).toContain('Every room but `src/domain` may use npm packages')
  })

  it('marks what is taken as types alone', () => {
    const marked = tableOf(text, 'room').flatMap(([room = '', , imports = '']) =>
      Array.from(imports.matchAll(/([\w/]+) \(types\)/g), match => [room.replaceAll('`', ''), `src/${match[1] ?? ''}`]),
    )
    const enforced = Object.entries(rooms).flatMap(([room, rule]) => (rule.typesOnly ?? []).map(only => [room, only]))
    expect(marked).toEqual(enforced)
  })

  it('walks through files that are there', () => {
    const files = new Set(readTree('src').map(file => file.path.replace(/^.*\/|\.ts$/g, '')))
    const words = codeOf(text).filter(code => /^[a-z]+(?:-[a-z]+)+$/.test(code))
    expect(words.length).toBeGreaterThan(4)
    expect(words.filter(word => !files.has(word))).toEqual([])
  })
})

describe('docs/testing.md', () => {
  it('lists every kind of test and its folder', () => {
    const listed = tableOf(readText('docs/testing.md'), 'kind').map(([kind = '', , folder = '']) => [kind, folder])
    const kinds = /const kinds = \[([^\]]+)\]/.exec(readText('vitest.config.ts'))?.[1] ?? ''
    const enforced = Array.from(kinds.matchAll(/'(\w+)'/g), ([, kind = '']) => [kind, `\`test/${kind}\``])
    expect(enforced.length).toBeGreaterThan(5)
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(enforced))
    expect(listed).toHaveLength(enforced.length)
  })
})

describe('docs/operating.md', () => {
  const text = readText('docs/operating.md')

  /** The arguments of a call, from behind its bracket to the one that closes it. */
  const argumentsAt = (source: string, start: number): string => {
    let depth = 1
    let end = start
    while (depth > 0 && end < source.length) {
      if (source[end] === '(') depth += 1
      if (source[end] === ')') depth -= 1
      end += 1
    }
    return source.slice(start, end)
  }

  const logged = readTree('src').flatMap(file =>
    Array.from(file.text.matchAll(/\blogger\s*\.(info|warn|error|fatal)\(/g), match => {
      const call = argumentsAt(file.text, match.index + match[0].length)
      const message = Array.from(call.matchAll(/'([^'\n]{8,})'/g)).at(-1)?.[1] ?? `no message in ${file.path}`
      return `${match[1] ?? ''} ${message}`
    }),
  )

  it('explains every line that an agent logs, by its level, and no other', () => {
    const explained = tableOf(text, 'level').map(([level = '', message = '']) => `${level} ${message}`)
    expect(logged.length).toBeGreaterThan(20)
    expect(explained.toSorted()).toEqual(Array.from(new Set(logged)).toSorted())
  })

  it('names every variable that the command line reads', () => {
    const read = Array.from(
      readText('src/cli/settings.ts').matchAll(/variable\(env, '([A-Z_]+)'\)/g),
      match => `MUSTER_${match[1] ?? ''}`,
    )
    expect(read.length).toBeGreaterThan(3)
    expect(read.filter(name => !text.includes(`\`${name}\``))).toEqual([])
  })

  it('tells the true value of every limit that it names', () => {
    const values: Readonly<Record<string, unknown>> = { ...clientLimits, ...domainLimits, ...port, ...apiLimits }
    const rows = tableOf(text, 'limit')
    expect(rows.length).toBeGreaterThan(10)
    for (const [name = '', value = ''] of rows) {
      expect([name, values[name.replaceAll('`', '')]]).toEqual([name, Number(value.replaceAll(',', ''))])
    }
  })

  it('tells the ports that are handed out', () => {
    expect(text).toContain(`${domainLimits.MIN_DYNAMIC_PORT}–${domainLimits.MAX_DYNAMIC_PORT}`)
    expect(readText('src/config/agent-config.ts')).toContain('DEFAULT_HTTP_PORT = 4646')
    expect(text).toContain('| 4646 ')
  })

  it('names what the agent makes in its data directory', () => {
    const agent = readTree('src/main')
      .map(file => file.text)
      .join('\n')
    const names = Array.from(text.matchAll(/`DIR\/([\w./-]+)`/g), match => (match[1] ?? '').split('/')).flat()
    const isMade = (name: string): boolean => agent.includes(`'${name}'`)
    expect(names.length).toBeGreaterThan(8)
    expect(names.filter(name => !isMade(name) && !isMade(name.replace(/-wal$|\.next$|\.lock$/, '')))).toEqual([])
  })
})
