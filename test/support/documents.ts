import { existsSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { readText, root } from './source-tree.ts'

export type Document = { readonly path: string; readonly text: string }

const below = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name.endsWith('.md'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))

/** Every page that tells of the project as it is now. Decisions (docs/adr) tell of their day and may name what is gone. */
export const readDocuments = (): readonly Document[] =>
  [
    'README.md',
    'CONTRIBUTING.md',
    ...below('docs')
      .filter(path => !path.startsWith('docs/adr/'))
      .toSorted(),
  ].map(path => ({ path, text: readText(path) }))

/** What stands in code: between backticks, and in indented or fenced blocks, line by line; comments of a shell are left out. */
export const codeOf = (text: string): readonly string[] => {
  const fenced = Array.from(text.matchAll(/^```\w*\n([\s\S]*?)^```/gm), match => match[1] ?? '')
  const prose = text.replaceAll(/^```\w*\n[\s\S]*?^```/gm, '')
  const indented = prose.split('\n').filter(line => line.startsWith('    '))
  const inline = Array.from(prose.matchAll(/`([^`\n]+)`/g), match => match[1] ?? '')
  return [...fenced.flatMap(block => block.split('\n')), ...indented, ...inline].map(line =>
    line.replace(/\s#\s.*$/, '').trim(),
  )
}

/** The cells of the first table whose head begins with `column`, row by row, without its head. */
export const tableOf = (text: string, column: string): readonly (readonly string[])[] => {
  const lines = text.split('\n')
  const head = lines.findIndex(line => line.startsWith(`| ${column} |`))
  if (head < 0) return []
  const rows = lines.slice(head + 2)
  const end = rows.findIndex(line => !line.startsWith('|'))
  return rows.slice(0, end < 0 ? undefined : end).map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

/** The text from a heading to the next one of its level or above. */
export const sectionOf = (text: string, heading: string): string => {
  const level = heading.indexOf(' ')
  const start = text.indexOf(`\n${heading}\n`)
  if (start < 0) throw new Error(`there is no section "${heading}"`)
  const rest = text.slice(start + heading.length + 2)
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'))
  return end < 0 ? rest : rest.slice(0, end)
}

const endings = ['', '.ts', '.mjs', '.md'] as const

/** True for a path of the repository as documents write it: from its root or from `src`, with or without its ending. */
export const isThere = (path: string): boolean =>
  ['', 'src'].some(base => endings.some(ending => existsSync(join(root, base, `${path}${ending}`))))
