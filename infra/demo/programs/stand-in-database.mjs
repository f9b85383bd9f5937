import { RedisError } from './resp.mjs'

/** Keys that the database holds at most; a command that would make one more is refused, as redis does at maxmemory. */
const MAX_KEYS = 100_000
const MAX_FIELDS = 1_000
const OK = { simple: 'OK' }

/**
 * The stand-in's data and commands. `run(words)` answers what encodeReply takes; it never throws for what a client sent.
 * `sweep()` drops what has expired. `now` answers milliseconds.
 */
export function createDatabase(now) {
  /** key → { value: string | Map, expiresAt: number | undefined } */
  const entries = new Map()
  const store = createStore(entries, now)
  return {
    run(words) {
      if (!Array.isArray(words) || words.length === 0 || words.some(word => typeof word !== 'string')) {
        return new RedisError('ERR a command is an array of strings')
      }
      const name = words[0].toUpperCase()
      const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
      if (command === undefined) return new RedisError(`ERR unknown command '${words[0].slice(0, 40)}'`)
      const args = words.slice(1)
      const [least, most] = command.words
      if (args.length < least || args.length > most) return wrongCount(name)
      try {
        return command.run(store, args)
      } catch (error) {
        if (error instanceof RedisError) return error
        throw error
      }
    },
    sweep() {
      for (const key of entries.keys()) store.get(key)
    },
  }
}

/** How many words each command takes after its name (least, most), and what it does. */
const COMMANDS = {
  PING: { words: [0, 1], run: (_, [text]) => text ?? { simple: 'PONG' } },
  ECHO: { words: [1, 1], run: (_, [text]) => text },
  SELECT: { words: [1, 1], run: (_, [index]) => (index === '0' ? OK : new RedisError('ERR DB index is out of range')) },
  COMMAND: { words: [0, Infinity], run: () => [] },
  DBSIZE: { words: [0, 0], run: store => store.keys().length },
  FLUSHALL: { words: [0, 1], run: store => (store.clear(), OK) },
  FLUSHDB: { words: [0, 1], run: store => (store.clear(), OK) },
  GET: { words: [1, 1], run: (store, [key]) => store.text(key) ?? null },
  SET: { words: [2, 4], run: set },
  DEL: { words: [1, Infinity], run: (store, keys) => keys.filter(key => store.remove(key)).length },
  EXISTS: { words: [1, Infinity], run: (store, keys) => keys.filter(key => store.get(key) !== undefined).length },
  INCR: { words: [1, 1], run: (store, [key]) => add(store, key, 1) },
  DECR: { words: [1, 1], run: (store, [key]) => add(store, key, -1) },
  INCRBY: { words: [2, 2], run: (store, [key, by]) => add(store, key, integer(by)) },
  DECRBY: { words: [2, 2], run: (store, [key, by]) => add(store, key, -integer(by)) },
  EXPIRE: { words: [2, 2], run: (store, [key, seconds]) => (store.expire(key, integer(seconds) * 1_000) ? 1 : 0) },
  TTL: { words: [1, 1], run: (store, [key]) => store.secondsLeft(key) },
  HSET: { words: [3, Infinity], run: setFields },
  HGET: { words: [2, 2], run: (store, [key, field]) => store.hash(key)?.get(field) ?? null },
  HGETALL: { words: [1, 1], run: (store, [key]) => [...(store.hash(key) ?? [])].flat() },
  HDEL: { words: [2, Infinity], run: removeFields },
  KEYS: { words: [1, 1], run: (store, [pattern]) => store.keys().filter(key => matches(pattern, key)) },
  SCAN: { words: [1, 5], run: scan },
}

function createStore(entries, now) {
  const get = key => {
    const entry = entries.get(key)
    if (entry?.expiresAt === undefined || entry.expiresAt > now()) return entry?.value
    entries.delete(key)
    return undefined
  }
  const typed = (key, isRight) => {
    const value = get(key)
    if (value !== undefined && !isRight(value)) {
      throw new RedisError('WRONGTYPE Operation against a key holding the wrong kind of value')
    }
    return value
  }
  return {
    get,
    text: key => typed(key, value => typeof value === 'string'),
    hash: key => typed(key, value => value instanceof Map),
    keys: () => [...entries.keys()].filter(key => get(key) !== undefined),
    clear: () => entries.clear(),
    remove: key => get(key) !== undefined && entries.delete(key),
    /** Keeps the expiry that the key has, unless `lifeMs` says another: null = none. */
    put(key, value, lifeMs) {
      const entry = get(key) === undefined ? undefined : entries.get(key)
      if (entry === undefined && entries.size >= MAX_KEYS) throw new RedisError(`OOM more than ${MAX_KEYS} keys`)
      const expiresAt = lifeMs === undefined ? entry?.expiresAt : lifeMs === null ? undefined : now() + lifeMs
      entries.set(key, { value, expiresAt })
    },
    expire(key, lifeMs) {
      if (get(key) === undefined) return false
      entries.get(key).expiresAt = now() + lifeMs
      return true
    },
    secondsLeft(key) {
      if (get(key) === undefined) return -2
      const { expiresAt } = entries.get(key)
      return expiresAt === undefined ? -1 : Math.ceil((expiresAt - now()) / 1_000)
    },
  }
}

function set(store, [key, value, option, amount]) {
  const life = option?.toUpperCase()
  if (option !== undefined && (amount === undefined || !['EX', 'PX'].includes(life)))
    throw new RedisError('ERR syntax error')
  store.put(key, value, life === undefined ? null : integer(amount) * (life === 'EX' ? 1_000 : 1))
  return OK
}

function add(store, key, by) {
  const sum = integer(store.text(key) ?? '0') + by
  if (!Number.isSafeInteger(sum)) throw new RedisError('ERR increment or decrement would overflow')
  store.put(key, String(sum))
  return sum
}

function setFields(store, [key, ...pairs]) {
  if (pairs.length % 2 !== 0) return wrongCount('HSET')
  const hash = new Map(store.hash(key))
  const before = hash.size
  for (let index = 0; index < pairs.length; index += 2) hash.set(pairs[index], pairs[index + 1])
  if (hash.size > MAX_FIELDS) throw new RedisError(`OOM more than ${MAX_FIELDS} fields in one hash`)
  store.put(key, hash)
  return hash.size - before
}

function removeFields(store, [key, ...fields]) {
  const hash = store.hash(key)
  if (hash === undefined) return 0
  const removed = fields.filter(field => hash.delete(field)).length
  if (hash.size === 0) store.remove(key)
  return removed
}

/** One round that holds everything: a cursor of 0 in the answer says that the scan is complete, which redis allows. */
function scan(store, [cursor, ...options]) {
  if (cursor !== '0') throw new RedisError('ERR invalid cursor')
  let pattern = '*'
  for (let index = 0; index < options.length; index += 2) {
    const [name, value] = [options[index].toUpperCase(), options[index + 1]]
    if (value === undefined || !['MATCH', 'COUNT'].includes(name)) throw new RedisError('ERR syntax error')
    if (name === 'MATCH') pattern = value
  }
  return ['0', store.keys().filter(key => matches(pattern, key))]
}

/** Whether the pattern covers the whole text; `*` stands for any run of characters, `?` for one. */
function matches(pattern, text) {
  let [at, star, retry] = [0, -1, 0]
  let position = 0
  while (position < text.length) {
    if (pattern[at] === '*') [star, retry, at] = [at, position, at + 1]
    else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[position]))
      [at, position] = [at + 1, position + 1]
    else if (star !== -1) [retry, at, position] = [retry + 1, star + 1, retry + 1]
    else return false
  }
  while (pattern[at] === '*') at += 1
  return at === pattern.length
}

function integer(text) {
  const value = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new RedisError('ERR value is not an integer or out of range')
  return value
}

function wrongCount(name) {
  return new RedisError(`ERR wrong number of arguments for '${name.toLowerCase()}' command`)
}
