import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { digestOf, foldHistory, parseHistory } from '../../histories/fold-history.ts'

const folder = join(import.meta.dirname, '..', '..', 'histories')
const releases = readdirSync(folder)
  .filter(name => name.endsWith('.jsonl'))
  .map(name => name.slice(0, -'.jsonl'.length))

const historyOf = (release: string) => parseHistory(readFileSync(join(folder, `${release}.jsonl`), 'utf8'))

describe('recorded histories', () => {
  it('are there', () => {
    expect(releases).toContain('0.1.0')
  })

  it.each(releases)('of release %s mean what they meant', release => {
    const digests: unknown = JSON.parse(readFileSync(join(folder, `${release}.digests.json`), 'utf8'))
    expect(digestOf(foldHistory(historyOf(release)))).toEqual(digests)
  })

  it.each(releases)('of release %s give the same rows whenever they are folded', release => {
    expect(foldHistory(historyOf(release)).rows).toEqual(foldHistory(historyOf(release)).rows)
  })

  it('are noticed when an event of them is lost', () => {
    const events = historyOf('0.1.0')
    const shortened = events.filter(({ type }, index) => type !== 'PlanCommitted' || index >= events.length / 2)
    expect(shortened.length).toBeLessThan(events.length)
    expect(digestOf(foldHistory(shortened))).not.toEqual(digestOf(foldHistory(events)))
  })
})
