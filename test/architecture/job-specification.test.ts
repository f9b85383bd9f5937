import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { renderJobReference } from '../support/job-reference.ts'
import { readText, root } from '../support/source-tree.ts'

const page = 'docs/job-specification.md'
const [start, end] = ['<!-- tables: made by test/architecture/job-specification.test.ts -->', '<!-- end of tables -->']

describe(page, () => {
  const text = readText(page)

  it('has one place for the tables', () => {
    expect([text.split(start).length, text.split(end).length]).toEqual([2, 2])
  })

  /** `npx vitest run test/architecture/job-specification.test.ts -u` writes the tables anew. */
  it('has the tables that the code gives', async () => {
    const [before = ''] = text.split(start)
    const [, after = ''] = text.split(end)
    const renewed = `${before}${start}\n\n${renderJobReference()}\n\n${end}${after}`
    await expect(renewed).toMatchFileSnapshot(join(root, page))
  })
})
