import { processIo } from '../cli/process-io.ts'
import { runCli } from '../cli/run-cli.ts'
import { systemClock } from '../platform/clock.ts'

/** The executable: one command line, run in this process. Server code is loaded by the few that need it. */
const main = async (): Promise<void> => {
  process.exitCode = await runCli(process.argv.slice(2), {
    io: processIo(),
    env: process.env,
    clock: systemClock,
    loadAgent: () => import('./agent.ts'),
    loadOperator: () => import('./operator.ts'),
  })
}

// No await at the top: the bundle is CommonJS, which starts faster. A rejection is a bug, and ends the process as one.
void main()
