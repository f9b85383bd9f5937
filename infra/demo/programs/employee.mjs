/**
 * One employee: comes online under PTC_EMPLOYEE_ID, does tasks that are paid from the budget for some seconds, logs off.
 * Exits 0 after the working day, also when it is cut short by SIGTERM or SIGINT; 1 with a sentence on stderr otherwise.
 *
 *   employee.mjs [--employee-type sales_engineer]
 */
import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { BUDGET_KEY, EMPLOYEE_EXPIRES_S, EMPLOYEE_TYPES, employeeKey } from './company.mjs'
import { openRedisPatiently, redisAddress } from './redis.mjs'

const DAY_MS = [4_000, 9_000]
const ATTEMPTS = 5
const PAUSE_MS = 300

const fail = message => {
  console.error(`employee: ${message}`)
  process.exit(1)
}
const between = ([least, most]) => randomInt(least, most + 1)
const oneOf = list => list[randomInt(list.length)]

const goHome = new AbortController()
let isOnline = false
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    goHome.abort()
    if (!isOnline) process.exit(0)
  })
}

const type = readType(process.argv.slice(2))
const id = process.env.PTC_EMPLOYEE_ID ?? ''
const address = redisAddress(process.env)
if (address.problem !== undefined) fail(address.problem)
if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) fail(`PTC_EMPLOYEE_ID is "${id}"; it must be 1 to 64 letters, digits, - or _.`)

try {
  const redis = await openRedisPatiently(address, { attempts: ATTEMPTS, pauseMs: PAUSE_MS })
  try {
    await workADay(redis)
  } finally {
    redis.close()
  }
} catch (error) {
  fail(error.message)
}

function readType(words) {
  if (words.length === 0) return oneOf(Object.keys(EMPLOYEE_TYPES))
  const [flag, value = ''] = words.length === 1 ? words[0].split('=') : words
  if (words.length > 2 || flag !== '--employee-type')
    fail(`unknown argument "${words.join(' ')}"; known: --employee-type TYPE`)
  if (!Object.hasOwn(EMPLOYEE_TYPES, value))
    fail(`there is no employee type "${value}"; known: ${Object.keys(EMPLOYEE_TYPES).join(', ')}`)
  return value
}

async function workADay(redis) {
  const { tasks, cost, taskMs } = EMPLOYEE_TYPES[type]
  isOnline = true
  const since = Date.now()
  const end = since + between(DAY_MS)
  let done = 0
  console.log(`employee: ${id} is online as ${type}`)
  while (Date.now() < end && !goHome.signal.aborted) {
    const isPaid = await pay(redis, between(cost))
    await show(redis, { doing: isPaid ? oneOf(tasks) : 'waiting for a budget', done, since })
    await pause(Math.min(between(taskMs), Math.max(0, end - Date.now())))
    if (isPaid) done += 1
  }
  await redis.command('DEL', employeeKey(id))
  console.log(`employee: ${id} logs off after ${done} tasks`)
}

/** Takes the cost from the budget, or gives it back when the budget does not hold that much. */
async function pay(redis, cost) {
  const left = await redis.command('DECRBY', BUDGET_KEY, cost)
  if (left >= 0) return true
  await redis.command('INCRBY', BUDGET_KEY, cost)
  return false
}

async function show(redis, { doing, done, since }) {
  await redis.command('HSET', employeeKey(id), 'type', type, 'doing', doing, 'done', done, 'since', since)
  await redis.command('EXPIRE', employeeKey(id), EMPLOYEE_EXPIRES_S)
}

/** Ends early when it is time to go home. */
function pause(ms) {
  return setTimeout(ms, undefined, { signal: goHome.signal }).catch(() => {})
}
