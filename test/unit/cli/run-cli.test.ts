import { describe, expect, it } from 'vitest'
import { globalFlags } from '../../../src/cli/global-flags.ts'
import { registry } from '../../../src/cli/registry.ts'
import { AppError } from '../../../src/platform/errors.ts'
import { runFakeCli } from '../../support/fake-cli.ts'

describe('muster', () => {
  it('lists its commands and fails when it is called without one', async () => {
    const { code, stdout, stderr } = await runFakeCli([])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toContain('    job           allocs, deployments, dispatch,')
  })

  it.each([['-h'], ['-help'], ['--help'], ['help']])('lists its commands for %s', async flag => {
    const { code, stdout } = await runFakeCli([flag])
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: muster')
    expect(stdout).toContain('run         the same as job run')
  })

  it('lists the verbs of a group', async () => {
    const { code, stdout } = await runFakeCli(['alloc', '-h'])
    expect(code).toBe(0)
    expect(stdout).toContain('    logs       Print what a task wrote')
    expect(stdout).not.toContain('dispatch')
  })

  it('explains a command with its flags and those of all commands', async () => {
    const { code, stdout } = await runFakeCli(['help', 'job', 'stop'])
    expect(code).toBe(0)
    expect(stdout).toContain('Usage: muster job stop [options] <job>...')
    expect(stdout).toContain('  -purge')
    expect(stdout).toContain('  -address=<addr>')
  })

  it.each([
    ['jb', 'did you mean "muster job"?'],
    ['job stauts', 'did you mean "muster job status"?'],
    ['versoin', 'did you mean "muster version"?'],
    ['job periodic', 'Usage: muster job periodic <subcommand>'],
  ])('says what "%s" was probably meant to be', async (line, expected) => {
    const { code, stderr } = await runFakeCli(line.split(' '))
    expect(code).toBe(1)
    expect(stderr).toContain(expected)
  })

  it('prints its version for -version too', async () => {
    const byFlag = await runFakeCli(['-version'])
    expect(byFlag).toEqual(await runFakeCli(['version']))
    expect(byFlag.stdout).toMatch(/^Muster v\d+\.\d+\.\d+\n$/)
  })

  it('refuses flags that stand after the arguments', async () => {
    const { code, stderr } = await runFakeCli(['job', 'status', 'web', '-json'])
    expect(code).toBe(1)
    expect(stderr).toBe(
      'Error [USAGE]: -json stands after the arguments\n' +
        'Hint: flags go before them: muster job status [options] [job]\n',
    )
  })

  it('refuses unknown flags with a suggestion, and wrong numbers of arguments', async () => {
    expect((await runFakeCli(['job', 'status', '-jsn'])).stderr).toContain('Hint: did you mean -json?')
    expect((await runFakeCli(['job', 'run'])).stderr).toContain('this command takes 1 argument, not 0')
    expect((await runFakeCli(['job', 'dispatch', 'a', 'b', 'c'])).stderr).toContain('takes 1 to 2 arguments, not 3')
  })

  it('tells a failure of the world with its code and what to do', async () => {
    const jobs = () => {
      throw new AppError('NO_LEADER', 'no server leads', { hint: 'try again' })
    }
    expect(await runFakeCli(['job', 'status'], { root: { jobs } })).toEqual({
      code: 1,
      stdout: '',
      stderr: 'Error [NO_LEADER]: no server leads\nHint: try again\n',
    })
  })

  it('colours the word of an error when that is asked for', async () => {
    const { stderr } = await runFakeCli(['nonsense-word'], { env: { MUSTER_CLI_FORCE_COLOR: '1' } })
    expect(stderr.startsWith('\u001b[31mError [USAGE]:\u001b[0m ')).toBe(true)
  })
})

describe('the table of commands', () => {
  it.each(registry.map(entry => [entry.name, entry] as const))('%s is called as its help says', async (name, entry) => {
    const { command } = await entry.load()
    expect(command.usage.startsWith(`muster ${name}`)).toBe(true)
    const own = command.flags.map(flag => flag.name)
    const names = command.isLocal === true ? own : [...own, ...globalFlags.map(flag => flag.name)]
    expect(names.length).toBe(new Set(names).size)
    const { code, stdout } = await runFakeCli([...name.split(' '), '-h'])
    expect(code).toBe(0)
    for (const flag of own) expect(stdout).toContain(`  -${flag}`)
  })

  it('gives no two commands the same name', () => {
    const names = registry.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])])
    expect(names.length).toBe(new Set(names).size)
  })
})
