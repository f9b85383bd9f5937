import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** The repository's root, from which every path below is relative. */
export const root = resolve(import.meta.dirname, '../..')

export type SourceFile = { readonly path: string; readonly text: string; readonly imports: readonly Import[] }
/** `target` is a path for a file of ours, null for a package; `name` is what stands in the source. */
export type Import = { readonly name: string; readonly target: string | null; readonly isTypeOnly: boolean }

const pattern = /^\s*(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm

const importsOf = (path: string, text: string): readonly Import[] =>
  Array.from(text.matchAll(pattern), match => {
    const name = match[2] ?? match[3] ?? ''
    const target = name.startsWith('.') ? relative(root, resolve(root, dirname(path), name)) : null
    return { name, target, isTypeOnly: match[1] !== undefined }
  })

export const parseSource = (path: string, text: string): SourceFile => ({ path, text, imports: importsOf(path, text) })

/** Every TypeScript or JavaScript file below `folder`, with what it imports. */
export const readTree = (folder: string): readonly SourceFile[] =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && /\.(ts|js|mjs)$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map(entry => relative(root, join(entry.parentPath, entry.name)))
    .toSorted()
    .map(path => parseSource(path, readFileSync(join(root, path), 'utf8')))

export const readText = (path: string): string => readFileSync(join(root, path), 'utf8')
