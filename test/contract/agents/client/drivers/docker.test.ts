import { tmpdir } from 'node:os'
import Docker from 'dockerode'
import { afterAll, expect, it } from 'vitest'
import { containerLabels } from '../../../../../src/agents/client/drivers/docker/container-spec.ts'
import { createDockerDriver } from '../../../../../src/agents/client/drivers/docker/docker-driver.ts'
import type { TaskDriver } from '../../../../../src/agents/client/drivers/driver.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../../src/platform/logger.ts'
import { dockerEngine } from '../../../../support/docker.ts'
import { busyboxImage } from '../../../../support/images.ts'
import { connectAndRead, freePort } from '../../../../support/ports.ts'
import { driverContract } from '../../../driver.contract.ts'
import { shellProgram } from '../../../shell-program.ts'

const found = await dockerEngine('the docker driver')

const open = (stateDir: string, endpoint: string): TaskDriver =>
  createDockerDriver({ stateDir, options: { endpoint }, clock: systemClock, logger: silentLogger })

if (found === undefined) {
  it.skip('the docker driver keeps its contract')
} else {
  const image = await busyboxImage(found, 'contract')
  const { options } = found.engine
  const docker = new Docker('socketPath' in options ? { ...options, host: undefined } : options)
  afterAll(image.remove)

  it('says by what the engine can run containers', async () => {
    const driver = open(tmpdir(), found.endpoint)
    const { attributes } = await driver.fingerprint()
    expect(attributes['driver.docker.runtimes']?.split(',')).toContain('runc')
    await driver.close()
  })

  driverContract('docker', {
    config: program => ({
      image: image.tag,
      command: 'sh',
      args: ['-c', shellProgram(program)],
      init: true,
      ...(program.kind === 'serve-hello' ? { ports: ['http'] } : {}),
    }),
    open: stateDir => open(stateDir, found.endpoint),
    openUnreachable: stateDir => open(stateDir, `unix://${stateDir}/nobody.sock`),
    impossible: { config: { image: image.tag, command: 'no-such-command' }, message: 'no-such-command' },
    refusedOption: 'privileged',
    remains: async (_driver, labels) => {
      const label = Object.entries(containerLabels(labels)).map(([name, value]) => `${name}=${value}`)
      const containers = await docker.listContainers({ all: true, filters: { label } })
      return containers.map(container => container.Names.join())
    },
    leakRuns: 15,
    // Docker's own log is JSON, in which a byte that is no UTF-8 cannot stand.
    isBinarySafe: false,
    hostIp: '127.0.0.1',
    freePort,
    connect: connectAndRead,
  })
}
