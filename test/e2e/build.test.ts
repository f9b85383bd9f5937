import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from '../support/source-tree.ts'

/** What the build leaves in dist/, loaded by this Node. */
let dist = ''
beforeAll(() => {
  dist = mkdtempSync(join(root, '.tmp-dist-'))
  cpSync(join(root, 'dist'), dist, { recursive: true })
})
afterAll(() => rmSync(dist, { recursive: true, force: true }))

const loaded = (): string =>
  execFileSync(
    process.execPath,
    ['-p', `const a = require(${JSON.stringify(join(dist, 'agent.cjs'))}); a.isCompiled + ' ' + typeof a.startAgent`],
    { encoding: 'utf8', cwd: tmpdir() },
  ).trim()

describe('the built agent', () => {
  it('is loaded with the code that V8 compiled when it was built', () => {
    expect(loaded()).toBe('true function')
  })

  it('is compiled anew where that code is damaged or missing', () => {
    const compiled = join(dist, 'agent.bundle.cjs.compiled')
    truncateSync(compiled, 1_000)
    expect(loaded()).toBe('false function')
    rmSync(compiled)
    expect(loaded()).toBe('false function')
  })
})

describe('bin/muster', () => {
  it('runs the sources where nothing is built, however it is called', () => {
    const checkout = join(dist, 'checkout')
    mkdirSync(join(checkout, 'bin'), { recursive: true })
    cpSync(join(root, 'bin/muster'), join(checkout, 'bin/muster'))
    for (const name of ['node_modules', 'src', 'package.json']) symlinkSync(join(root, name), join(checkout, name))
    const from = (cwd: string, path: string): string =>
      execFileSync(path, ['version'], { cwd, encoding: 'utf8' }).split(' ')[0] ?? ''
    expect(from(checkout, 'bin/muster')).toBe('Muster')
    expect(from(join(checkout, 'bin'), './muster')).toBe('Muster')
    expect(from(tmpdir(), join(checkout, 'bin/muster'))).toBe('Muster')
  })
})
