import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JobOf } from '../../../src/domain/jobspec/schema.ts'
import { validateJob } from '../../../src/domain/jobspec/validate.ts'
import { goodJobFile, jobFile, parseJobFile, parseJsonJob } from '../../support/job-files.ts'
import { root } from '../../support/source-tree.ts'

const folder = join(root, 'infra/demo/jobs/docker')
const goodFiles = [
  ...readdirSync(folder).map(name => readFileSync(join(folder, name), 'utf8')),
  `variable "n" {\n default = [1, 2]\n}\nlocals {\n a = "\${var.n[0]}"\n}\n${jobFile({
    group: `dynamic "service" {\n for_each = var.n\n content {\n provider = "nomad"\n name = "s\${service.value}"\n }\n }`,
    job: 'meta {\n a = local.a\n }',
  })}`,
]

/** Pieces that mean something in a job file, so that a change often leaves a file that can still be read. */
const pieces = fc.constantFrom(
  '{',
  '}',
  '"',
  '=',
  '\n',
  '[]',
  '${',
  '%{ if true }',
  'null',
  '-1',
  '1e999',
  'var.x',
  'local.a',
  'dynamic "task" {\n for_each = [1]\n content {\n }\n }\n',
  'group "x" {\n}\n',
  'constraint {\n operator = "regexp"\n value = "("\n }\n',
  '<<EOT\n',
  '# ',
  '__proto__ = 1\n',
  '\ud800',
)

const changed = fc
  .record({
    source: fc.constantFrom(...goodFiles),
    edits: fc.array(
      fc.record({ at: fc.nat(), cut: fc.nat({ max: 30 }), piece: fc.oneof(pieces, fc.string({ maxLength: 8 })) }),
      {
        minLength: 1,
        maxLength: 4,
      },
    ),
  })
  .map(({ source, edits }) => {
    let text = source
    for (const { at, cut, piece } of edits) {
      const start = at % (text.length + 1)
      text = text.slice(0, start) + piece + text.slice(start + cut)
    }
    return text
  })

const isSound = async (source: string): Promise<void> => {
  const parsed = await parseJobFile(source)
  const lines = source.split('\n').length
  const findings = parsed.ok ? parsed.warnings : parsed.diagnostics
  expect(parsed.ok).toBe(findings.every(({ severity }) => severity === 'warning'))
  for (const { line, column, text, detail } of findings) {
    expect(line).toBeGreaterThanOrEqual(1)
    expect(line).toBeLessThanOrEqual(lines)
    expect(column).toBeGreaterThanOrEqual(1)
    expect(text).toContain(detail)
  }
  if (parsed.ok) expect(JSON.parse(JSON.stringify(parsed.job))).toEqual(parsed.job)
}

describe('reading a job file', () => {
  it('never throws, whatever the text', async () => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), isSound), { numRuns: 100 })
  })

  it('never throws on a good file with changes, and every finding has a place in it', async () => {
    await fc.assert(fc.asyncProperty(changed, isSound), { numRuns: 400 })
  })

  it('never throws on JSON of any shape under the names of the API', async () => {
    const names = fc.constantFrom(
      'ID',
      'Job',
      'TaskGroups',
      'Tasks',
      'Name',
      'Config',
      'Env',
      'Update',
      'Networks',
      'x',
    )
    const tree = fc.letrec(tie => ({
      value: fc.oneof({ maxDepth: 5 }, fc.jsonValue({ maxDepth: 1 }), tie('list'), tie('object')),
      list: fc.array(tie('value'), { maxLength: 3 }),
      object: fc.dictionary(names, tie('value'), { maxKeys: 4 }),
    })).object
    const law = fc.asyncProperty(tree, fc.nat(), async (value, cut) => {
      const text = JSON.stringify(value)
      for (const source of [text, text.slice(0, cut % text.length)]) {
        const parsed = await parseJsonJob(source)
        expect(parsed.ok || parsed.diagnostics.length > 0).toBe(true)
      }
    })
    await fc.assert(law, { numRuns: 200 })
  })

  it('gives the same answer twice', async () => {
    const law = fc.asyncProperty(changed, async source => {
      expect(await parseJobFile(source)).toEqual(await parseJobFile(source))
    })
    await fc.assert(law, { numRuns: 100 })
  })

  it('gives values of variables back as they were given', async () => {
    const law = fc.asyncProperty(fc.string({ unit: 'grapheme', maxLength: 40 }), async value => {
      const source = jobFile({ top: 'variable "x" {\n type = string\n}', task: 'env {\n X = var.x\n }' })
      const { job } = await goodJobFile(source, { flags: [{ name: 'x', value }] })
      expect(job.groups[0]?.tasks[0]?.env['X']).toBe(value)
    })
    await fc.assert(law, { numRuns: 100 })
  })
})

/** Any value in place of one of the same kind: a job as it may stand in an old event, or be made by hand. */
const strange = (value: unknown, pick: (size: number) => number): unknown => {
  if (Array.isArray(value)) return value.length > 0 && pick(6) === 0 ? [] : value.map(entry => strange(entry, pick))
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, strange(entry, pick)]))
  if (typeof value === 'number') return [value, 0, -1, 1e9, Number.MAX_SAFE_INTEGER, 0.5][pick(12)] ?? value
  if (typeof value === 'string') return [value, '', '../..', '${x}', 'a b', '\0'][pick(24)] ?? value
  return value
}

describe('validating a job', () => {
  it('never throws, and points into the job', async () => {
    const jobs = await Promise.all(goodFiles.map(async source => (await goodJobFile(source)).job))
    const law = fc.property(fc.constantFrom(...jobs), fc.infiniteStream(fc.nat()), (job, numbers) => {
      const pick = (size: number): number => Number(numbers.next().value) % size
      const changedJob = strange(job, pick) as JobOf<unknown>
      for (const finding of validateJob({ ...changedJob, type: job.type })) {
        expect(finding.detail).not.toBe('')
        expect(finding.path.every(part => typeof part === 'string' || Number.isInteger(part))).toBe(true)
      }
    })
    fc.assert(law, { numRuns: 300 })
  })
})
