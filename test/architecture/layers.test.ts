import { describe, expect, it } from 'vitest'
import { isAllowed, isWithin, roomOf } from '../support/rooms.ts'
import { parseSource, readTree, type SourceFile } from '../support/source-tree.ts'

const violationsOf = (files: readonly SourceFile[]): readonly string[] =>
  files.flatMap(file => {
    const room = roomOf(file.path)
    if (room === undefined) return [`${file.path} is in no room`]
    return file.imports.filter(found => !isAllowed(room, found)).map(found => `${file.path} imports ${found.name}`)
  })

/** Rings of imports between files, each as the files on it. Types vanish when compiled, so they count for nothing here. */
const cyclesOf = (files: readonly SourceFile[]): readonly string[] => {
  const graph = new Map(
    files.map(file => [
      file.path,
      file.imports.filter(found => !found.isTypeOnly).flatMap(found => found.target ?? []),
    ]),
  )
  const done = new Set<string>()
  const cycles: string[] = []
  const visit = (path: string, trail: readonly string[]): void => {
    const seenAt = trail.indexOf(path)
    if (seenAt >= 0) cycles.push([...trail.slice(seenAt), path].join(' → '))
    if (seenAt >= 0 || done.has(path)) return
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path])
    done.add(path)
  }
  for (const path of graph.keys()) visit(path, [])
  return cycles
}

const tree = readTree('src')

describe('layers', () => {
  it('sees a plausible number of files and imports', () => {
    expect(tree.length).toBeGreaterThan(100)
    expect(tree.flatMap(file => file.imports).length).toBeGreaterThan(300)
  })

  it('finds no import that the table of layers forbids', () => {
    expect(violationsOf(tree)).toEqual([])
  })

  it('notices a planted violation of every kind', () => {
    const planted = [
      parseSource('src/domain/job/decide.ts', "import { readFileSync } from 'node:fs'"),
      parseSource('src/domain/control/plan.ts', "import { systemClock } from '../../platform/clock.ts'"),
      parseSource('src/agents/client/agent.ts', "import type { EventStore } from '../../eventstore/port.ts'"),
      parseSource('src/app/commands.ts', "import { createSqliteStore } from '../eventstore/sqlite.ts'"),
      parseSource('src/cli/run.ts', "const server = await import('../main/agent.ts')"),
      parseSource('src/protocol/sdk.ts', "import { jobKey } from '../domain/ids.ts'"),
    ]
    expect(violationsOf(planted)).toHaveLength(planted.length)
  })

  it('finds no ring of imports', () => {
    expect(cyclesOf(tree)).toEqual([])
  })

  it('notices a planted ring', () => {
    const planted = [
      parseSource('src/app/a.ts', "import { b } from './b.ts'"),
      parseSource('src/app/b.ts', "export { a } from './a.ts'"),
    ]
    expect(cyclesOf(planted)).toHaveLength(1)
  })
})

describe('the domain', () => {
  const impure =
    /\b(?:Date\.now|new Date|Math\.random|setTimeout|setInterval|async|await|Promise|process\.|console\.|Math\.(?:pow|exp|log))/
  const code = (text: string): string =>
    text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '').replaceAll(/'[^'\n]*'|`[^`]*`/g, "''")
  const findingsOf = (files: readonly SourceFile[]): readonly string[] =>
    files.flatMap(file =>
      code(file.text)
        .split('\n')
        .flatMap((line, index) => (impure.test(line) ? [`${file.path}:${index + 1} ${line.trim()}`] : [])),
    )

  it('reads no clock, no chance and does nothing asynchronous', () => {
    expect(findingsOf(tree.filter(file => isWithin(file.path, 'src/domain')))).toEqual([])
  })

  it('would notice a clock, chance and asynchrony', () => {
    const planted = [
      'const now = Date.now()',
      'const x = Math.random()',
      'const f = async () => 1',
      'const p = Math.pow(10, free)',
    ]
    for (const line of planted) expect(findingsOf([parseSource('src/domain/x.ts', line)])).toHaveLength(1)
  })
})
