import { parseArgs } from 'node:util'
import { runCrashTest } from './crash-test.ts'
import { isPointName, pointNames, points } from './points.ts'

/**
 * `npm run crash -- [--seed N] [--rounds N] [--point NAME …] [--verbose]`: kills real processes with SIGKILL at named points
 * and looks at what became of everything after each time. Without `--point` all of them. Ends with 1 when a promise broke.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '100' },
    point: { type: 'string', multiple: true, default: [] },
    list: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)

const wanted = values.point.length === 0 ? pointNames : values.point
if (values.list) for (const name of pointNames) say(`${name.padEnd(26)} ${points[name].what}`)
else {
  let failed = 0
  for (const name of wanted) {
    if (!isPointName(name)) throw new Error(`there is no point "${name}"; --list names them all`)
    const options = { point: name, seed: Number(values.seed), rounds: Number(values.rounds) }
    try {
      const { rounds, kills, killsInRecovery, events, seconds } = await runCrashTest({
        ...options,
        ...(values.verbose ? { trace: say } : {}),
      })
      say(
        `${name.padEnd(26)} ok: ${kills} kills (${killsInRecovery} while it started again) in ${rounds} rounds, ${events} events, ${seconds.toFixed(0)} s`,
      )
    } catch (error) {
      failed += 1
      say(`${name.padEnd(26)} FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      say(`  again with: npm run crash -- --seed ${values.seed} --rounds ${values.rounds} --point ${name} --verbose`)
    }
  }
  process.exitCode = failed === 0 ? 0 : 1
}
