import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load.ts'
import { resolveAgent } from '../../../src/config/resolve.ts'
import { root } from '../../support/source-tree.ts'

const agentOf = (name: string) => {
  const { settings, findings } = loadConfig([join(root, 'infra/config', name)])
  expect(findings).toEqual([])
  return resolveAgent(settings, { isDev: false, hostname: 'here' })
}

describe('the example of', () => {
  it('a server is one, and nothing else', () => {
    expect(agentOf('server.hcl')).toMatchObject({
      config: { server: { eventStore: { kind: 'sqlite' } }, client: null, http: { host: '0.0.0.0' } },
    })
  })

  it('a client is one, and nothing else', () => {
    expect(agentOf('client.hcl')).toMatchObject({
      config: {
        server: null,
        client: { servers: ['http://muster.example:4646'], reservedPorts: [22], meta: { rack: 'r1' } },
      },
    })
  })
})
