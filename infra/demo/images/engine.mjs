import { request } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

const DEFAULT_SOCKET = '/var/run/docker.sock'
/** An engine that does not answer a ping within this time counts as none. */
const PING_TIMEOUT_MS = 3_000
/** No byte in either direction for this long ends a request. */
const IDLE_TIMEOUT_MS = 60_000
const MAX_ANSWER_BYTES = 16 * 1024 * 1024

/**
 * Looks for a Docker engine where its clients look: DOCKER_HOST, else the default socket. Answers
 * `{ kind: 'found', engine }` or `{ kind: 'none', reason }`; never throws. Only an engine that runs Linux containers on
 * this machine's kind of processor is of use, because images are made of this machine's own files.
 */
export async function findEngine(env = process.env) {
  const connection = connectionFrom(env.DOCKER_HOST ?? '')
  if (connection.problem !== undefined) return { kind: 'none', reason: connection.problem }
  const none = reason => ({ kind: 'none', reason: `the Docker engine at ${connection.name} ${reason}` })
  try {
    const engine = { ...connection, idleTimeoutMs: PING_TIMEOUT_MS }
    const answer = await ask(engine, 'GET', '/version')
    if (answer.status !== 200) return none(`answered ${answer.status}: ${problemOf(answer)}`)
    const { Version: version, ApiVersion: apiVersion, Os: os, Arch: architecture } = JSON.parse(answer.body)
    if (os !== 'linux' || process.platform !== 'linux')
      return none(`runs ${os} containers, and this machine's files are for ${process.platform}`)
    const own = { x64: 'amd64', arm: 'arm', arm64: 'arm64', ppc64: 'ppc64le', s390x: 's390x', riscv64: 'riscv64' }[
      process.arch
    ]
    if (architecture !== own) return none(`runs on ${architecture}, and this machine's files are for ${own}`)
    return { kind: 'found', engine: { ...connection, version, apiVersion, idleTimeoutMs: IDLE_TIMEOUT_MS } }
  } catch (error) {
    return none(`does not answer: ${error.message}`)
  }
}

function connectionFrom(dockerHost) {
  if (dockerHost === '') return { name: DEFAULT_SOCKET, options: { socketPath: DEFAULT_SOCKET } }
  if (dockerHost.startsWith('unix://')) {
    const socketPath = dockerHost.slice('unix://'.length)
    return { name: socketPath, options: { socketPath } }
  }
  const tcp = /^(?:tcp|http):\/\/(\[[0-9a-f:]+\]|[^:/]+):(\d{1,5})\/?$/i.exec(dockerHost)
  if (tcp !== null && (process.env.DOCKER_TLS_VERIFY ?? '') === '') {
    return { name: dockerHost, options: { host: tcp[1].replaceAll(/[[\]]/g, ''), port: Number(tcp[2]) } }
  }
  return { problem: `DOCKER_HOST is "${dockerHost}"; only unix:// and tcp:// without TLS are understood here` }
}

/**
 * One request to the engine. `body` is undefined, an object (sent as JSON) or an async iterable of buffers (sent as a
 * tar, with back-pressure). Answers `{ status, body }` whatever the status; rejects when the engine cannot be reached.
 */
export function ask(engine, method, path, body) {
  return new Promise((resolve, reject) => {
    const isStream = body !== undefined && Symbol.asyncIterator in body
    const type = isStream ? 'application/x-tar' : 'application/json'
    const headers = body === undefined ? {} : { 'content-type': type }
    const outgoing = request({ ...engine.options, method, path, headers }, incoming => {
      const chunks = []
      let size = 0
      incoming.on('data', chunk => {
        chunks.push(chunk)
        size += chunk.length
        if (size > MAX_ANSWER_BYTES) incoming.destroy(new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`))
      })
      incoming.on('error', reject)
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    outgoing.setTimeout(engine.idleTimeoutMs, () =>
      outgoing.destroy(new Error(`nothing was heard for ${engine.idleTimeoutMs} ms`)),
    )
    outgoing.on('error', reject)
    if (!isStream) return outgoing.end(body === undefined ? undefined : JSON.stringify(body))
    pipeline(Readable.from(body), outgoing).catch(reject)
  })
}

/** What an answer of the engine says went wrong: its `message`, the last `error` of a progress stream, else the body. */
export function problemOf({ body }) {
  for (const line of body.trim().split('\n').toReversed()) {
    try {
      const { message, error } = JSON.parse(line)
      if (message ?? error) return message ?? error
    } catch {
      return body.trim().slice(0, 500)
    }
  }
  return 'it gave no reason'
}
