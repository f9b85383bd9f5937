import { describe, expect, it } from 'vitest'
import { type Environment, resolveSettings } from '../../../src/cli/settings.ts'

const flags = { address: '', region: '', namespace: '', token: '', 'no-color': false, 'force-color': false }
const resolve = (env: Environment, given: Partial<typeof flags> = {}, isTerminal = false) =>
  resolveSettings({ ...flags, ...given }, env, isTerminal)

describe('the settings of a command', () => {
  it('have defaults', () => {
    expect(resolve({})).toEqual({
      address: 'http://127.0.0.1:4646',
      region: '',
      namespace: 'default',
      token: '',
      hasColor: false,
    })
  })

  it('come from our variables before those of Nomad, and from flags before both', () => {
    const env = { NOMAD_ADDR: 'http://n:1', MUSTER_ADDR: 'http://m:2', NOMAD_TOKEN: 'secret', NOMAD_NAMESPACE: '*' }
    expect(resolve(env)).toMatchObject({ address: 'http://m:2', token: 'secret', namespace: '*' })
    expect(resolve(env, { address: 'http://f:3' }).address).toBe('http://f:3')
  })

  it('take empty variables for none', () => {
    expect(resolve({ MUSTER_ADDR: '', NOMAD_ADDR: 'http://n:1' }).address).toBe('http://n:1')
  })

  it('take an address without a scheme for http', () => {
    expect(resolve({ MUSTER_ADDR: 'host:4646' }).address).toBe('http://host:4646')
  })

  it.each([
    [{}, true, {}, true],
    [{}, false, {}, false],
    [{ NO_COLOR: '1' }, true, {}, false],
    [{ TERM: 'dumb' }, true, {}, false],
    [{ NOMAD_CLI_NO_COLOR: '1' }, true, {}, false],
    [{}, true, { 'no-color': true }, false],
    [{ NO_COLOR: '1' }, false, { 'force-color': true }, true],
  ] as const)('use colours for %o on a terminal %s with %o: %s', (env, isTerminal, given, expected) => {
    expect(resolve(env, given, isTerminal).hasColor).toBe(expected)
  })
})
