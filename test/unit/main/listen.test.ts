import { hostname, networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { AgentConfig } from '../../../src/config/agent-config.ts'
import { devSettings, resolveAgent } from '../../../src/config/resolve.ts'
import { addressForOthers, ownHosts } from '../../../src/main/listen.ts'

const configOf = (http: AgentConfig['http']): AgentConfig => {
  const resolved = resolveAgent(devSettings, { isDev: true, hostname: 'here' })
  if (!resolved.ok) throw new Error('an agent to try things with can always be made')
  return { ...resolved.config, http }
}

const addresses = Object.values(networkInterfaces()).flatMap(entries => entries?.map(({ address }) => address) ?? [])
const advertised = { host: 'muster.example', port: 80 }

describe('the names that an agent answers to', () => {
  it('are where it listens and where it says that it is', () => {
    expect(ownHosts(configOf({ host: '10.0.0.1', port: 1, advertised: null }))).toEqual(['10.0.0.1'])
    expect(ownHosts(configOf({ host: '10.0.0.1', port: 1, advertised }))).toEqual(['10.0.0.1', 'muster.example'])
  })

  it('are all addresses of the machine where it listens on all of them', () => {
    for (const host of ['0.0.0.0', '::'])
      expect(ownHosts(configOf({ host, port: 1, advertised }))).toEqual([hostname(), ...addresses, 'muster.example'])
  })
})

describe('the address that an agent tells others', () => {
  it('is what it was told to tell, with the port that it got where none was said', () => {
    expect(addressForOthers(configOf({ host: '0.0.0.0', port: 0, advertised }), 7)).toEqual(advertised)
    const withoutPort = { host: 'muster.example', port: 0 }
    expect(addressForOthers(configOf({ host: '0.0.0.0', port: 0, advertised: withoutPort }), 7).port).toBe(7)
  })

  it('is where it listens, and an address of the machine where that is everywhere', () => {
    expect(addressForOthers(configOf({ host: '10.0.0.1', port: 0, advertised: null }), 7)).toEqual({
      host: '10.0.0.1',
      port: 7,
    })
    const { host } = addressForOthers(configOf({ host: '0.0.0.0', port: 0, advertised: null }), 7)
    expect(addresses).toContain(host)
  })
})
