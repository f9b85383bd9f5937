import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { root } from './source-tree.ts'

/** The document that the project started from: the tutorial that must work word for word. */
const folder = (): string => resolve(process.env['MUSTER_SEED_DIR'] ?? join(root, '../shared/seed'))

export const hasSeed = (): boolean => existsSync(folder())

const seedText = (): string => {
  const file = readdirSync(folder()).find(name => name.endsWith('.txt'))
  if (file === undefined) throw new Error(`no .txt file in the seed's folder: set MUSTER_SEED_DIR to where it is`)
  return readFileSync(join(folder(), file), 'utf8')
}

/** The job files as the seed prints them: from `job "…" {` to the brace in the first column that ends it… counted, for the seed has lost its indentation. */
export const seedJobFiles = (): ReadonlyMap<string, string> => {
  const lines = seedText().split('\n')
  const files = new Map<string, string>()
  for (let at = 0; at < lines.length; at++) {
    const name = /^job "([^"]+)" \{$/.exec(lines[at] ?? '')?.[1]
    if (name === undefined) continue
    let depth = 0
    let end = at
    do {
      const line = lines[end] ?? ''
      const isTemplateText = line.includes('{{')
      if (!isTemplateText && !line.trimStart().startsWith('//'))
        depth += (line.match(/\{/g)?.length ?? 0) - (line.match(/\}/g)?.length ?? 0)
      end += 1
    } while (depth > 0 && end < lines.length)
    files.set(name, `${lines.slice(at, end).join('\n')}\n`)
    at = end - 1
  }
  return files
}
