import { describe, expect, it } from 'vitest'
import { devSettings, resolveAgent } from '../../../src/config/resolve.ts'
import { type AgentSettings, mergeSettings, noSettings } from '../../../src/config/settings.ts'
import { MAX_DYNAMIC_PORT, MIN_DYNAMIC_PORT } from '../../../src/domain/limits.ts'

const { client, server, eventStore } = noSettings
const kept: AgentSettings = { ...noSettings, dataDir: '/d', server: { ...server, isEnabled: true } }
const resolve = (settings: AgentSettings, isDev = false) => resolveAgent(settings, { isDev, hostname: 'here' })
const messages = (settings: AgentSettings, isDev = false): readonly string[] => {
  const resolved = resolve(settings, isDev)
  return resolved.ok ? [] : resolved.problems.map(({ message }) => message)
}

describe('merging settings', () => {
  it('lets the later word count, and silence change nothing', () => {
    const earlier = { ...noSettings, name: 'a', region: 'r', server: { ...server, isEnabled: true } }
    const later = { ...noSettings, name: 'b', server: { ...server, isEnabled: false } }
    expect(mergeSettings(earlier, later)).toEqual({ ...earlier, name: 'b', server: { ...server, isEnabled: false } })
    expect(mergeSettings(earlier, noSettings)).toEqual(earlier)
    expect(mergeSettings(noSettings, earlier)).toEqual(earlier)
  })

  it('puts lists one behind the other and merges maps name by name', () => {
    const earlier = {
      ...noSettings,
      client: { ...client, servers: ['a'], meta: { x: '1', y: '1' } },
      plugins: { docker: { endpoint: 'e' }, raw_exec: { enabled: true } },
    }
    const later = {
      ...noSettings,
      client: { ...client, servers: ['b'], meta: { y: '2' } },
      plugins: { raw_exec: { enabled: false } },
    }
    const merged = mergeSettings(earlier, later)
    expect(merged.client.servers).toEqual(['a', 'b'])
    expect(merged.client.meta).toEqual({ x: '1', y: '2' })
    expect(merged.plugins).toEqual({ docker: { endpoint: 'e' }, raw_exec: { enabled: false } })
  })
})

describe('resolving an agent', () => {
  it('fills in what nobody said', () => {
    expect(resolve(kept)).toEqual({
      ok: true,
      config: {
        isDev: false,
        dataDir: '/d',
        name: 'here',
        region: 'global',
        datacenter: 'dc1',
        http: { host: '127.0.0.1', port: 4646, advertised: null },
        leavesOn: [],
        log: { level: 'info', format: 'json' },
        server: { dataDir: null, eventStore: { kind: 'sqlite' }, heartbeats: {}, collection: {} },
        client: null,
      },
    })
  })

  it('refuses a range of ports that has none, and takes one with a single port', () => {
    const rangeOf = (minDynamicPort: number | null, maxDynamicPort: number | null): unknown => {
      const resolved = resolve({ ...kept, client: { ...client, isEnabled: true, minDynamicPort, maxDynamicPort } })
      return resolved.ok ? resolved.config.client?.dynamicPorts : resolved.problems.map(({ message }) => message)
    }
    expect(rangeOf(null, null)).toEqual({ min: MIN_DYNAMIC_PORT, max: MAX_DYNAMIC_PORT })
    expect(rangeOf(25_000, 25_000)).toEqual({ min: 25_000, max: 25_000 })
    expect(rangeOf(25_001, 25_000)).toEqual(['tasks can be given no port: the first is 25001, the last is 25000'])
    expect(rangeOf(32_001, null)).toEqual(['tasks can be given no port: the first is 32001, the last is 32000'])
  })

  it('leaves on the signals that it is told to leave on', () => {
    const leavesOn = (leavesOnInterrupt: boolean | null, leavesOnTerminate: boolean | null): unknown => {
      const resolved = resolve({ ...kept, leavesOnInterrupt, leavesOnTerminate })
      return resolved.ok ? resolved.config.leavesOn : resolved.problems
    }
    expect([leavesOn(true, false), leavesOn(null, true), leavesOn(true, true)]).toEqual([
      ['SIGINT'],
      ['SIGTERM'],
      ['SIGINT', 'SIGTERM'],
    ])
  })

  it('hands on what was said of heartbeats, collection, limits and resources, and nothing else', () => {
    const resolved = resolve({
      ...kept,
      server: { ...kept.server, heartbeatGraceMs: 1, nodeGcMs: 2 },
      client: {
        ...client,
        isEnabled: true,
        cpuMhz: 3,
        maxKillTimeoutMs: 4,
        reserved: { ...client.reserved, memoryMb: 5, ports: '22' },
      },
      http: { address: '10.0.0.1', port: 0, advertised: 'name' },
    })
    expect(resolved).toMatchObject({
      config: {
        server: { heartbeats: { graceMs: 1 }, collection: { node: 2 } },
        client: {
          resources: { cpuMhz: 3 },
          limits: { maxKillTimeoutMs: 4 },
          reserved: { cpuMhz: 0, memoryMb: 5, diskMb: 0 },
          reservedPorts: [22],
        },
        http: { host: '10.0.0.1', port: 0, advertised: { host: 'name', port: 0 } },
      },
    })
  })

  it('keeps nothing in an agent to try things with', () => {
    expect(resolve(devSettings, true)).toMatchObject({
      config: { dataDir: null, server: { eventStore: { kind: 'memory' } }, client: { servers: [] } },
    })
  })

  it("reads Nomad's older options of drivers, behind the newer ones", () => {
    const options = { 'driver.raw_exec.enable': '1', 'driver.allowlist': 'docker, raw_exec', 'driver.denylist': 'mock' }
    const old = { ...kept, client: { ...client, isEnabled: true, servers: ['a'], options } }
    const drivers = { allowed: ['docker', 'raw_exec'], denied: ['mock'] }
    expect(resolve(old)).toMatchObject({
      config: { client: { drivers: { ...drivers, options: { raw_exec: { enabled: true } } } } },
    })
    expect(resolve({ ...old, plugins: { raw_exec: { enabled: false } } })).toMatchObject({
      config: { client: { drivers: { options: { raw_exec: { enabled: false } } } } },
    })
  })

  it.each<[Partial<AgentSettings>, string]>([
    [{ server }, 'an agent is a server, a client, or both'],
    [{ dataDir: null }, 'an agent needs a data directory'],
    [{ dataDir: 'd' }, 'the directory "d" is not absolute'],
    [{ eventStore: { ...eventStore, kind: 'eventstoredb' } }, 'the event store has no url'],
    [{ eventStore: { ...eventStore, url: 'esdb://x' } }, 'the event store has a url that nobody dials'],
    [
      { server, client: { ...client, isEnabled: true } },
      'a client without a server beside it needs the addresses of servers',
    ],
    [{ client: { ...client, isEnabled: true, servers: ['a:0'] } }, '"a:0" is no address of a server'],
  ])('refuses %j', (settings, message) => {
    expect(messages({ ...kept, ...settings })).toEqual([message])
  })

  it('refuses a store that lasts without a place for its keys', () => {
    const [message] = messages({ ...devSettings, eventStore: { ...eventStore, kind: 'sqlite' } }, true)
    expect(message).toContain('"sqlite" needs a data directory')
  })
})
