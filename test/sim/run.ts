import { parseArgs } from 'node:util'
import type { Logger } from '../../src/platform/logger.ts'
import { DEFAULT_TICKS, simulate } from './simulate.ts'

/**
 * Replays seeds: `npm run sim -- --seed N [--count C] [--ticks T] [--bail] [--verbose]`. Ends with 1 when a promise was broken.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '1' },
    ticks: { type: 'string', default: String(DEFAULT_TICKS) },
    /** Ends with the first failure. */
    bail: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
})

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const speaking = (fields: Readonly<Record<string, unknown>>): Logger => {
  const at = (level: string) => (more: Readonly<Record<string, unknown>>, message: string) =>
    say(`      ${level}: ${message} ${JSON.stringify({ ...fields, ...more })}`)
  return {
    debug: () => {},
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: more => speaking({ ...fields, ...more }),
  }
}

const first = Number(values.seed)
const ticks = Number(values.ticks)
let failed = 0
let ran = 0
const startedAt = performance.now()
for (let seed = first; seed < first + Number(values.count); seed++) {
  ran += 1
  const began = performance.now()
  const result = await simulate(seed, { ticks, ...(values.verbose ? { trace: say, logger: speaking({}) } : {}) })
  const took = Math.round(performance.now() - began)
  const { events, generations, commands, logHash, simulatedMs } = result
  say(
    `seed ${seed}: ${result.failure === null ? 'ok' : 'FAILED'} ${took} ms, ${events} events, ${commands} commands, ${generations} servers, ${Math.round(simulatedMs / 1_000)} s simulated, log ${logHash}`,
  )
  if (result.failure === null) continue
  failed += 1
  say(`  ${result.failure}\n  replay with: npm run sim -- --seed ${seed} --ticks ${ticks} --verbose`)
  if (values.bail) break
}
say(`${ran - failed} passed, ${failed} failed in ${Math.round(performance.now() - startedAt)} ms`)
process.exitCode = failed === 0 ? 0 : 1
