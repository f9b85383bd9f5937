import { connect } from 'node:net'
import { createRespReader, encodeCommand, RedisError } from './resp.mjs'

/** A connection that is not made, or a reply that is not there, within this time counts as "no redis". */
const CONNECT_TIMEOUT_MS = 2_000
const REPLY_TIMEOUT_MS = 2_000
/** Commands that may wait for their replies on one connection. */
const MAX_WAITING = 1_000

/** Redis cannot be reached, or the connection to it was lost; trying again later may help. */
export class RedisUnreachable extends Error {}

/** The address of redis from REDIS_HOST and REDIS_PORT: `{ host, port }`, or `{ problem }` in words for a person. */
export function redisAddress(env) {
  const host = env.REDIS_HOST ?? ''
  const text = env.REDIS_PORT ?? '6379'
  const port = Number(text)
  if (host === '')
    return { problem: 'REDIS_HOST is not set: nobody said where redis is. Is the job pytechco-redis running?' }
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return { problem: `REDIS_PORT is "${text}", which is no port` }
  return { host, port }
}

/**
 * Opens a connection. The client has `command(...words)`, which answers the reply (string, number, null or an array) and
 * rejects with RedisError when redis refused, with RedisUnreachable when the connection is lost; `close()`; `isOpen()`;
 * `problem()`, why it is not open any more.
 */
export function openRedis({ host, port }) {
  const where = `redis at ${host}:${port}`
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port })
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${CONNECT_TIMEOUT_MS} ms`)),
      CONNECT_TIMEOUT_MS,
    )
    socket.setNoDelay(true)
    socket.once('error', error => {
      clearTimeout(timer)
      reject(new RedisUnreachable(`${where} cannot be reached: ${error.message}`))
    })
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.removeAllListeners('error')
      resolve(createClient(socket, where))
    })
  })
}

function createClient(socket, where) {
  const waiting = []
  const reader = createRespReader()
  let isOpen = true
  let problem

  const fail = cause => {
    if (!isOpen) return
    isOpen = false
    socket.destroy()
    const error = new RedisUnreachable(`the connection to ${where} was lost: ${cause}`)
    problem = error.message
    for (const request of waiting.splice(0)) settle(request, error)
  }
  socket.on('error', error => fail(error.message))
  socket.on('close', () => fail('it was closed'))
  socket.on('data', chunk => {
    try {
      for (const value of reader.push(chunk)) {
        const request = waiting.shift()
        if (request === undefined) return fail('a reply came that nobody asked for')
        settle(request, value)
      }
    } catch (error) {
      fail(error.message)
    }
  })

  return {
    isOpen: () => isOpen,
    problem: () => problem,
    close: () => fail('it was closed here'),
    command: (...words) =>
      new Promise((resolve, reject) => {
        if (!isOpen) return reject(new RedisUnreachable(`the connection to ${where} is closed`))
        if (waiting.length >= MAX_WAITING)
          return reject(new RedisUnreachable(`${MAX_WAITING} commands wait for ${where} already`))
        const timer = setTimeout(() => fail(`no reply to ${words[0]} within ${REPLY_TIMEOUT_MS} ms`), REPLY_TIMEOUT_MS)
        waiting.push({ resolve, reject, timer })
        socket.write(encodeCommand(words))
      }),
  }
}

function settle(request, value) {
  clearTimeout(request.timer)
  if (value instanceof RedisError || value instanceof RedisUnreachable) request.reject(value)
  else request.resolve(value)
}

/** Opens a connection, trying up to `attempts` times with `pauseMs` between; rejects with the last RedisUnreachable. */
export async function openRedisPatiently(address, { attempts, pauseMs, onRetry }) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await openRedis(address)
    } catch (error) {
      if (!(error instanceof RedisUnreachable) || attempt >= attempts) throw error
      onRetry?.(error)
      await new Promise(resolve => setTimeout(resolve, pauseMs))
    }
  }
}
