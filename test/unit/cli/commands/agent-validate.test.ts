import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runFakeCli } from '../../../support/fake-cli.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-validate-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const validate = (text: string, words: readonly string[] = ['agent', 'validate']) => {
  writeFileSync(join(folder, 'agent.hcl'), text)
  return runFakeCli([...words, 'agent.hcl'], { cwd: folder })
}

const server = 'data_dir = "/d"\nserver {\n  enabled = true\n}\n'

describe('muster agent validate', () => {
  it('says that a configuration is valid, by either name', async () => {
    expect(await validate(server)).toEqual({ code: 0, stdout: 'Configuration is valid!\n', stderr: '' })
    expect((await validate(server, ['config', 'validate'])).stdout).toBe('Configuration is valid!\n')
  })

  it('takes directories, and files one over the other', async () => {
    writeFileSync(join(folder, 'client.json'), '{ "client": { "enabled": true, "servers": ["a"] }, "data_dir": "/d" }')
    expect(await runFakeCli(['agent', 'validate', folder])).toMatchObject({ code: 0 })
    writeFileSync(join(folder, 'off.hcl'), 'client {\n  enabled = false\n}\n')
    const { code, stderr } = await runFakeCli(['agent', 'validate', folder])
    expect([code, stderr]).toEqual([1, expect.stringContaining('an agent is a server, a client, or both')])
  })

  it('tells warnings, which do not stand in the way', async () => {
    const { code, stdout } = await validate(`${server}autopilot {\n}\n`)
    expect(code).toBe(0)
    expect(stdout).toContain('Configuration Warnings:\n1 warning:\n')
    expect(stdout).toContain('agent.hcl:5:1: warning: Not acted on')
    expect(stdout).toContain('Configuration is valid!')
  })

  it('shows every error at its place', async () => {
    const { code, stdout, stderr } = await validate('data_dri = "/d"\nserver {\n  enabeld = true\n}\n')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toContain(`Error [CONFIG_INVALID]: the configuration has 2 errors, first at ${folder}/agent.hcl:1:1`)
    expect(stderr).toContain('agent.hcl:3:3: error: Unsupported argument')
    expect(stderr).toContain('Did you mean "enabled"?')
  })

  it('says what a configuration lacks, and which file is not there', async () => {
    expect((await validate('')).stderr).toContain(
      'an agent is a server, a client, or both; an agent needs a data directory',
    )
    const { code, stderr } = await runFakeCli(['agent', 'validate', 'nowhere'], { cwd: folder })
    expect([code, stderr]).toEqual([1, expect.stringContaining('nowhere cannot be read: ENOENT')])
  })
})
