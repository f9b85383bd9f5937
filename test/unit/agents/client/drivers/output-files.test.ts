import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { appendOutput, currentPlace, outputBase } from '../../../../../src/agents/client/drivers/output-files.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'muster-output-'))
})

afterEach(() => rm(dir, { recursive: true, force: true }))

const first = (): string => join(dir, 'web.stdout.0')
const append = (text: string): Promise<void> =>
  appendOutput(first(), Buffer.from(text), { maxFileBytes: 4, maxFiles: 3 })

describe('output files', () => {
  it('go on in the newest file while it has room', async () => {
    await append('ab')
    await append('cd')
    expect(await readFile(first(), 'utf8')).toBe('abcd')
  })

  it('begin the next number when one is full, in the middle of a write too', async () => {
    await append('abcdefghij')
    const texts = await Promise.all([0, 1, 2].map(number => readFile(join(dir, `web.stdout.${number}`), 'utf8')))
    expect(texts).toEqual(['abcd', 'efgh', 'ij'])
  })

  it('keep only the newest ones and never use a number twice', async () => {
    await append('a'.repeat(4 * 12))
    expect((await readdir(dir)).toSorted()).toEqual(['web.stdout.10', 'web.stdout.11', 'web.stdout.9'])
    expect(await currentPlace(outputBase(first()))).toEqual({ number: 11, offset: 4 })
  })

  it('of another task whose name begins alike are left alone', async () => {
    await appendOutput(join(dir, 'web.stdout.x.0'), Buffer.from('other'), { maxFileBytes: 100, maxFiles: 1 })
    await append('a'.repeat(40))
    expect(await readFile(join(dir, 'web.stdout.x.0'), 'utf8')).toBe('other')
  })
})
