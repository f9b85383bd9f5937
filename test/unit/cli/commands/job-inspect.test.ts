import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { job } from '../../../support/cli-answers.ts'
import { NOW, runFakeCli } from '../../../support/fake-cli.ts'

const directory = mkdtempSync(join(tmpdir(), 'muster-cli-'))
afterAll(() => rmSync(directory, { recursive: true }))

const source = (changes: object = {}) => ({
  source: 'job "web" {}',
  format: 'HCL',
  filename: 'web.nomad.hcl',
  variables: [],
  variableFiles: [],
  environmentVariables: [],
  ...changes,
})

const stored = [
  { version: 1, specification: { id: 'one' }, source: source({ source: 'job "one" {}\n' }) },
  { version: 0, specification: { id: 'zero' }, source: source({ source: 'job "zero" {}' }) },
].map(each => ({ ...each, isStable: false, submittedAt: NOW, position: 1, actor: '', message: '' }))

type VersionsArguments = { readonly first: number; readonly version: number | null }

/** As the server answers: newest first, or the one that was asked for. */
const versions = ({ first, version }: VersionsArguments) =>
  stored.filter(each => version === null || each.version === version).slice(0, first)

/** Stands for the command in a shell: tells how it was called. */
const double = `#!/usr/bin/env node
const args = process.argv.slice(2)
const tell = stdin => JSON.stringify({ stdin, args, region: process.env['MUSTER_VAR_my-region'] })
const isRun = args[1] === 'run'
process.stdout.write(isRun ? tell(require('node:fs').readFileSync(0, 'utf8')) : args.join(' '))
`

const root = { job: () => job({ versions }) }
const versionWith = (of: object | null) => ({ ...stored[1], source: of })
const rootWith = (of: object | null, changes: object = {}) => ({
  job: () => job({ versions: [versionWith(of)], ...changes }),
})

describe('job inspect', () => {
  it('prints the newest version or another one', async () => {
    expect(JSON.parse((await runFakeCli(['inspect', 'x'], { root })).stdout)).toEqual({ id: 'one' })
    expect(JSON.parse((await runFakeCli(['inspect', '-version', '0', 'x'], { root })).stdout)).toEqual({ id: 'zero' })
    const missing = await runFakeCli(['inspect', '-version', '7', 'x'], { root })
    expect(missing).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('job "pytechco-redis" has no version 7'),
    })
  })

  it('prints the job file to the letter, and nothing else', async () => {
    expect(await runFakeCli(['inspect', '-hcl', 'x'], { root })).toEqual({
      code: 0,
      stdout: 'job "one" {}\n',
      stderr: '',
    })
    const old = await runFakeCli(['inspect', '-hcl', '-version', '0', 'x'], { root })
    expect(old).toEqual({ code: 0, stdout: 'job "zero" {}', stderr: '' })
    expect((await runFakeCli(['inspect', '-hcl', '-version', '7', 'x'], { root })).stderr).toContain('has no version 7')
  })

  it('refuses by code where nobody submitted a file, and says who has one', async () => {
    const launched = rootWith(null, {
      id: 'tick/periodic-1',
      launch: {
        kind: 'periodic',
        parentId: 'tick',
        parentVersion: 0,
        instant: null,
        meta: [],
        hasPayload: false,
        hasIdempotencyToken: false,
      },
    })
    const refused = await runFakeCli(['inspect', '-hcl', 'x'], { root: launched })
    expect(refused.code).toBe(1)
    expect(refused.stdout).toBe('')
    expect(refused.stderr).toContain('[SOURCE_UNKNOWN]')
    expect(refused.stderr).toContain('"tick" launched it')
  })

  it.each([[['-hcl', '-json']], [['-hcl', '-t', '{{.}}']], [['-with-vars']], [['-with-vars', '-json']]])(
    'refuses %j',
    async flags => {
      const refused = await runFakeCli(['inspect', ...flags, 'x'], { root })
      expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('[USAGE]') })
    },
  )

  it('says beside the file how to register it again', async () => {
    const variables = [
      { name: 'count', value: '2' },
      { name: 'text', value: 'two words' },
    ]
    const told = await runFakeCli(['inspect', '-hcl', '-with-vars', 'x'], { root: rootWith(source({ variables })) })
    expect(told.stdout).toBe('job "web" {}')
    expect(told.stderr).toBe(`
To run this job as originally submitted:

$ muster job inspect -namespace default -hcl pytechco-redis |
    muster job run -var count=2 -var 'text=two words' -
`)
  })

  it('says it so that a shell does it, whatever the values hold', async () => {
    const awkward = `it's "$HOME" \`x\` \\ é\nEOF\n`
    const submitted = source({
      format: 'JSON',
      variables: [{ name: 'a', value: awkward }],
      variableFiles: [
        { name: '../prod.hcl', content: `text = <<EOF\n${awkward}\nEOF\n` },
        { name: 'more.JSON', content: 'b = 1' },
        { name: 'more.json', content: '{"c": 1}\n' },
      ],
      environmentVariables: [{ name: 'my-region', value: awkward }],
    })
    const told = await runFakeCli(['inspect', '-hcl', '-with-vars', '-version', '0', 'x'], {
      root: rootWith(submitted),
    })
    const script = told.stderr.slice(told.stderr.indexOf('$ ')).replaceAll(/^\$ /gm, '')
    writeFileSync(join(directory, 'muster'), double, { mode: 0o755 })
    const env = { ...process.env, PATH: `${directory}:${process.env['PATH'] ?? ''}` }
    const printed = execFileSync('sh', ['-c', script], { cwd: directory, env, encoding: 'utf8' })
    const files = ['submitted-1.vars.hcl', 'submitted-2.vars.hcl', 'submitted-3.vars.json']
    const namesFiles = files.flatMap(file => ['-var-file', file])
    expect(JSON.parse(printed)).toEqual({
      stdin: 'job inspect -namespace default -version 0 -hcl pytechco-redis',
      args: ['job', 'run', '-json', ...namesFiles, '-var', `a=${awkward}`, '-'],
      region: awkward,
    })
    const written = files.map(file => readFileSync(join(directory, file), 'utf8'))
    expect(written).toEqual([`text = <<EOF\n${awkward}\nEOF\n`, 'b = 1\n', '{"c": 1}\n'])
  })
})
