import { driverRegistry } from '../../src/agents/client/drivers/registry.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { silentLogger } from '../../src/platform/logger.ts'

/**
 * A process that does what an agent does with a driver, to be killed by a test. Its argument is JSON: { driver, stateDir,
 * options, task }. It starts the task, prints the handle as one line of JSON and waits for its end.
 */
const [, , argument = '{}'] = process.argv
const { driver: name, stateDir, options, task } = JSON.parse(argument)
const factory = Object.entries(driverRegistry).find(([key]) => key === name)?.[1]
if (factory === undefined) throw new Error(`there is no driver ${String(name)}`)
const driver = factory({ stateDir, options, clock: systemClock, logger: silentLogger })
// Timers of the clock keep no process alive; an agent has its connections for that.
setInterval(() => {}, 60_000)

const run = async (): Promise<void> => {
  const result = await driver.start(task, () => {}, new AbortController().signal)
  if (result.kind === 'failed') throw new Error(result.message)
  process.stdout.write(`${JSON.stringify(result.handle)}\n`)
}
void run()
