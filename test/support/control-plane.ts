import type { Caller, JobSource, RegisterJobInput } from '../../src/app/api-commands.ts'
import type { ViewObserver } from '../../src/app/cluster-view.ts'
import { createMemoryStore } from '../../src/eventstore/memory.ts'
import type { EventStore } from '../../src/eventstore/port.ts'
import { createJobFileParser } from '../../src/jobspec/index.ts'
import { openGate } from '../../src/lang/hcl/gate.ts'
import { type Server, startServer } from '../../src/main/server.ts'
import { type Clock, systemClock } from '../../src/platform/clock.ts'
import { uuidV4 } from '../../src/platform/ids.ts'
import { createMemoryKeyring } from '../../src/platform/keyring.ts'
import { silentLogger } from '../../src/platform/logger.ts'
import { systemRandom } from '../../src/platform/random.ts'
import { createSealer } from '../../src/platform/sealing.ts'

export type ControlPlane = { readonly server: Server; readonly store: EventStore; readonly stop: () => Promise<void> }

const gate = openGate()

/** A server over a memory store with everything real but the nodes. */
export const startControlPlane = async (
  store: EventStore = createMemoryStore(),
  clock: Clock = systemClock,
  observers: readonly ViewObserver[] = [],
): Promise<ControlPlane> => {
  const server = await startServer({
    store,
    sealer: createSealer({ keyring: createMemoryKeyring(systemRandom), random: systemRandom }),
    parse: createJobFileParser({ gate, now: () => clock.now() }),
    observers,
    clock,
    random: systemRandom,
    logger: silentLogger,
    address: 'test',
    region: 'global',
  })
  return {
    server,
    store,
    stop: async () => {
      await server.stop()
      await store.close()
    },
  }
}

export const caller = (): Caller => {
  const id = uuidV4(systemRandom)
  return { actor: 'test', correlationId: id, commandId: id }
}

export const jobSource = (source: string): JobSource => ({
  source,
  format: 'hcl',
  filename: 'job.nomad.hcl',
  variables: [],
  variableFiles: [],
  environmentVariables: [],
})

export const registration = (source: string): RegisterJobInput => ({
  job: jobSource(source),
  checkIndex: null,
  message: '',
  evaluationPriority: null,
})
