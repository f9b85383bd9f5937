import type { NodeRegistered } from '../../src/domain/node/events.ts'

/** A node with room for a few small groups and the drivers docker, raw_exec and mock. */
export const nodeFacts = (change: Partial<NodeRegistered['data']> = {}): NodeRegistered['data'] => {
  const healthy = { isDetected: true, isHealthy: true, message: 'Healthy' }
  return {
    name: 'node-1',
    datacenter: 'dc1',
    nodePool: 'default',
    nodeClass: '',
    meta: {},
    attributes: {
      'kernel.name': 'linux',
      'os.signals': 'SIGHUP,SIGINT,SIGKILL,SIGTERM,SIGUSR1',
      'unique.network.ip-address': '10.0.0.5',
    },
    resources: { cpuMhz: 8_000, memoryMb: 16_000, diskMb: 100_000 },
    reserved: { cpuMhz: 0, memoryMb: 0, diskMb: 0 },
    reservedPorts: [],
    foreignPorts: [],
    drivers: { docker: healthy, raw_exec: healthy, mock: healthy },
    address: '10.0.0.5',
    secretDigest: '',
    bootId: 'boot',
    version: '0.1.0',
    ...change,
  }
}
