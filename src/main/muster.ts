import { processIo } from '../cli/process-io.ts'
import { runCli } from '../cli/run-cli.ts'
import { systemClock } from '../platform/clock.ts'

/** The executable: one command line, run in this process. Server code is loaded by `muster agent` alone. */
const exitCode = await runCli(process.argv.slice(2), {
  io: processIo(),
  env: process.env,
  clock: systemClock,
  loadAgent: () => import('./agent.ts'),
})
process.exitCode = exitCode
