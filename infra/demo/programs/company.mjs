/** What the demo keeps in redis: the company's budget, and one hash for each employee who is online. */

export const BUDGET_KEY = 'ptc:budget'
const EMPLOYEE_PREFIX = 'ptc:employee:'

/** An employee who was killed without logging off disappears after this time; a working one renews it with each task. */
export const EMPLOYEE_EXPIRES_S = 10
/** At most this many employees are listed, and a scan of the database takes at most this many rounds. */
export const MAX_LISTED = 500
const MAX_SCAN_ROUNDS = 1_000

/** What each type does, what one task costs in units of the budget (least, most), and how long it takes (least, most). */
export const EMPLOYEE_TYPES = {
  sales_engineer: {
    tasks: ['calling a customer', 'showing a prototype', 'writing an offer'],
    cost: [1, 3],
    taskMs: [300, 700],
  },
  software_engineer: {
    tasks: ['fixing a bug', 'reviewing a change', 'writing a test'],
    cost: [2, 5],
    taskMs: [600, 1_200],
  },
  product_manager: { tasks: ['sorting requests', 'drawing a road map'], cost: [2, 4], taskMs: [500, 1_000] },
  technical_writer: { tasks: ['writing a page', 'checking an example'], cost: [1, 3], taskMs: [400, 900] },
  recruiter: { tasks: ['reading applications', 'planning interviews'], cost: [1, 2], taskMs: [400, 900] },
}

export const employeeKey = id => `${EMPLOYEE_PREFIX}${id}`

/** The employees who are online, ordered by the moment they came and then by id. */
export async function listEmployees(redis) {
  const keys = (await scanKeys(redis, `${EMPLOYEE_PREFIX}*`)).slice(0, MAX_LISTED)
  const hashes = await Promise.all(keys.map(key => redis.command('HGETALL', key)))
  const employees = hashes.flatMap((flat, index) => toEmployee(keys[index].slice(EMPLOYEE_PREFIX.length), flat))
  return employees.toSorted((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1))
}

/** Removes everything the demo keeps and sets the budget; other keys of the database are left alone. */
export async function resetCompany(redis, budget) {
  const keys = await scanKeys(redis, `${EMPLOYEE_PREFIX}*`)
  for (const key of keys) await redis.command('DEL', key)
  await redis.command('SET', BUDGET_KEY, budget)
  return keys.length
}

/** Every key once that matches; SCAN may name one twice. */
async function scanKeys(redis, pattern) {
  const keys = new Set()
  let cursor = '0'
  for (let round = 0; round < MAX_SCAN_ROUNDS; round += 1) {
    const [next, found] = await redis.command('SCAN', cursor, 'MATCH', pattern, 'COUNT', 200)
    for (const key of found) keys.add(key)
    cursor = next
    if (cursor === '0') break
  }
  return [...keys].sort()
}

/** None when the employee logged off between the scan and the read. */
function toEmployee(id, flat) {
  const fields = {}
  for (let index = 0; index + 1 < flat.length; index += 2) fields[flat[index]] = flat[index + 1]
  if (fields.type === undefined) return []
  return [
    {
      id,
      type: fields.type,
      doing: fields.doing ?? '',
      tasksDone: Number(fields.done ?? 0),
      since: Number(fields.since ?? 0),
    },
  ]
}
