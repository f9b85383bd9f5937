/**
 * Resets the company's database: everybody is offline, and the budget is what PTC_BUDGET says.
 * Exits 0 when that is done, 1 with a sentence on stderr when it is not.
 */
import { resetCompany } from './company.mjs'
import { openRedisPatiently, redisAddress } from './redis.mjs'

const ATTEMPTS = 10
const PAUSE_MS = 300
const MAX_BUDGET = 1_000_000_000

const fail = message => {
  console.error(`setup: ${message}`)
  process.exit(1)
}
process.on('SIGTERM', () => process.exit(143))
process.on('SIGINT', () => process.exit(130))

const text = process.env.PTC_BUDGET ?? ''
const budget = /^\d+$/.test(text) ? Number(text) : Number.NaN
if (text === '') fail('PTC_BUDGET is not set: dispatch the job with -meta budget="200".')
if (!(budget <= MAX_BUDGET)) fail(`PTC_BUDGET is "${text}"; it must be a whole number from 0 to ${MAX_BUDGET}.`)

const address = redisAddress(process.env)
if (address.problem !== undefined) fail(address.problem)

try {
  const redis = await openRedisPatiently(address, {
    attempts: ATTEMPTS,
    pauseMs: PAUSE_MS,
    onRetry: error => console.error(`setup: ${error.message}; trying again`),
  })
  const sentHome = await resetCompany(redis, budget)
  redis.close()
  console.log(`setup: the budget is ${budget}; ${sentHome} employees were logged off`)
} catch (error) {
  fail(error.message)
}
