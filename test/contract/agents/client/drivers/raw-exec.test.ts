import { processesWithVariables } from '../../../../../src/agents/client/drivers/raw-exec/process-identity.ts'
import { createRawExecDriver } from '../../../../../src/agents/client/drivers/raw-exec/raw-exec-driver.ts'
import { hasLabels, LABELS_VARIABLE } from '../../../../../src/agents/client/drivers/raw-exec/task-environment.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../../src/platform/logger.ts'
import { connectAndRead, freePort } from '../../../../support/ports.ts'
import { driverContract } from '../../../driver.contract.ts'
import { shellProgram } from '../../../shell-program.ts'

driverContract('raw_exec', {
  config: program => {
    const text = program.kind === 'eat-memory' ? undefined : shellProgram(program)
    return text === undefined ? undefined : { command: 'sh', args: ['-c', text] }
  },
  open: stateDir =>
    createRawExecDriver({ stateDir, options: { enabled: true }, clock: systemClock, logger: silentLogger }),
  openUnreachable: undefined,
  impossible: { config: { command: 'no-such-command-anywhere' }, message: '"no-such-command-anywhere"' },
  refusedOption: 'oom_score_adj',
  remains: async (_driver, labels) =>
    (await processesWithVariables(LABELS_VARIABLE))
      .filter(({ values }) => hasLabels(values.get(LABELS_VARIABLE) ?? '', labels))
      .map(({ pid }) => `process ${pid}`),
  leakRuns: 100,
  isBinarySafe: true,
  hostIp: '127.0.0.1',
  freePort,
  connect: connectAndRead,
})
