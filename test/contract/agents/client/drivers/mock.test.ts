import { createMockDriver } from '../../../../../src/agents/client/drivers/mock/mock-driver.ts'
import { createMockWorld } from '../../../../../src/agents/client/drivers/mock/mock-world.ts'
import type { TaskConfig } from '../../../../../src/agents/client/drivers/task-config.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { driverContract, type Program } from '../../../driver.contract.ts'

const config = (program: Program): TaskConfig | undefined => {
  switch (program.kind) {
    case 'exit':
      return { run_for: '1ms', exit_code: program.code }
    case 'run':
      return { run_for: '1h' }
    case 'ignore-term':
      return { run_for: '1h', ignore_stop: true }
    case 'die-by':
      return { run_for: '1ms', exit_signal: program.signal }
    case 'print':
      return { stdout_string: program.stdout, stderr_string: program.stderr }
    case 'eat-memory':
      return { exit_signal: 9, oom_killed: true }
    case 'burn':
      return { run_for: '1h', usage_cpu_percent: 100, usage_memory_mb: 8 }
    case 'print-bytes':
    case 'print-env':
    case 'copy-files':
    case 'serve-hello':
    case 'flood':
    case 'tick':
    case 'run-with-children':
      return undefined
  }
}

const world = createMockWorld(systemClock)

driverContract('mock', {
  config,
  open: () => createMockDriver({ clock: systemClock }, world),
  openUnreachable: undefined,
  impossible: { config: { start_error: 'no such thing' }, message: 'no such thing' },
  refusedOption: 'run_fro',
  remains: async (_driver, labels) => world.withLabels(labels),
  leakRuns: 100,
  isBinarySafe: true,
  hostIp: '127.0.0.1',
  freePort: async () => 0,
  connect: async () => '',
})
