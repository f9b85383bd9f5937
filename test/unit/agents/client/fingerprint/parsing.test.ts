import { describe, expect, it } from 'vitest'
import { parseListeningSockets } from '../../../../../src/agents/client/fingerprint/listening-ports.ts'
import { parseMemory, placeOfPath } from '../../../../../src/agents/client/fingerprint/measure-machine.ts'
import { chooseAddress, defaultRouteInterface } from '../../../../../src/agents/client/fingerprint/network.ts'
import { parseOsRelease } from '../../../../../src/agents/client/fingerprint/system.ts'
import { parseMounts } from '../../../../../src/platform/mounts.ts'

const routes = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
eth0\t00000000\t0100000A\t0003\t0\t0\t100\t00000000\t0\t0\t0
down0\t00000000\t0100000A\t0002\t0\t0\t1\t00000000\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
`
const ip = (address: string, family = 'IPv4') => [{ address, family, internal: false }]
const interfaces = {
  eth0: [...ip('fe80::1', 'IPv6'), ...ip('10.0.0.5')],
  docker0: ip('172.17.0.1'),
  tun0: ip('fd00::1', 'IPv6'),
}

describe('the address of a node', () => {
  it('is that of the default route with the lowest metric', () => {
    expect(defaultRouteInterface(routes)).toBe('eth0')
    expect(chooseAddress(interfaces, routes, null)).toMatchObject({ address: '10.0.0.5', warning: null })
  })

  it('is that of the named interface, or an error that lists what there is', () => {
    expect(chooseAddress(interfaces, routes, 'docker0').address).toBe('172.17.0.1')
    for (const name of ['nope', 'tun0']) {
      expect(() => chooseAddress(interfaces, routes, name)).toThrow(
        expect.objectContaining({ code: 'CONFIG_INVALID', hint: 'Name one of: eth0, docker0, tun0.' }),
      )
    }
  })

  it('falls back to the bridge of Docker, then to loopback with a warning', () => {
    expect(chooseAddress(interfaces, '', null)).toMatchObject({ address: '172.17.0.1', warning: null })
    const last = chooseAddress({}, '', null)
    expect(last.address).toBe('127.0.0.1')
    expect(last.warning).toContain('-network-interface')
  })
})

describe('listening sockets', () => {
  it('are those in state LISTEN, of both families', () => {
    const text = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1388 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0
   1: 0100007F:1F90 0100007F:0050 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
`
    expect(parseListeningSockets(text)).toEqual([
      { port: 5000, inode: '4711' },
      { port: 80, inode: '4713' },
    ])
  })
})

describe('os-release', () => {
  it('is read with and without quotes', () => {
    expect(parseOsRelease('# c\nID=debian\nVERSION_ID="12"\n\nbroken\n')).toEqual({ ID: 'debian', VERSION_ID: '12' })
  })
})

describe('what a machine uses', () => {
  it('is its memory without what caches hold', () => {
    const text = `MemTotal:       100 kB
MemFree:         20 kB
MemAvailable:    60 kB
Buffers:          5 kB
Cached:          30 kB
SwapCached:       1 kB
`
    const kb = 1_024
    expect(parseMemory(text)).toEqual({
      totalBytes: 100 * kb,
      availableBytes: 60 * kb,
      usedBytes: 45 * kb,
      freeBytes: 20 * kb,
    })
  })

  it('is the disk that a directory is on', () => {
    const text = `22 1 8:1 / / rw,relatime - ext4 /dev/root rw
40 22 8:2 / /var rw shared:1 - ext4 /dev/old rw
41 22 8:3 / /var rw shared:1 master:2 - ext4 /dev/sda3 rw
42 22 8:4 / /var/lib/a\\040b rw - xfs /dev/sdb1 rw
`
    const mounts = parseMounts(text)
    expect(placeOfPath(mounts, '/variety')).toEqual({ device: '/dev/root', mountPoint: '/' })
    expect(placeOfPath(mounts, '/var')).toEqual({ device: '/dev/sda3', mountPoint: '/var' })
    expect(placeOfPath(mounts, '/var/lib/a b/alloc')).toEqual({ device: '/dev/sdb1', mountPoint: '/var/lib/a b' })
    expect(placeOfPath([], '/x')).toEqual({ device: '', mountPoint: '/' })
  })
})
