import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'

const LISTENING = '0A'
const LSOF_TIMEOUT_MS = 5_000

/** A port that nobody holds at this moment, on loopback. */
export async function freePort() {
  const result = await tryToListen(0, '127.0.0.1')
  if (result.kind === 'taken') throw new Error(`no free port can be had: ${result.reason}`)
  return result.port
}

/**
 * Whether a port can be bound on all addresses: `{ kind: 'free' }`, or `{ kind: 'taken', reason, holder }` where `holder`
 * names the process that listens there ("python3 (pid 4711): python3 -m http.server 5000"), undefined where the system
 * does not tell.
 */
export async function checkPort(port) {
  const result = await tryToListen(port, '0.0.0.0')
  if (result.kind === 'free') return { kind: 'free' }
  return { ...result, holder: (await findHolderInProc(port)) ?? (await findHolderByLsof(port)) }
}

function tryToListen(port, host) {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', error => resolve({ kind: 'taken', reason: error.message }))
    server.listen(port, host, () => {
      const { port: bound } = server.address()
      server.close(() => resolve({ kind: 'free', port: bound }))
    })
  })
}

/** Linux: the socket's inode from the kernel's table, then the process that has it open. */
async function findHolderInProc(port) {
  const inodes = await listeningInodes(port)
  if (inodes.size === 0) return undefined
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name))
  for (const pid of pids) {
    const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const descriptor of descriptors) {
      const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
      if (inodes.has(target)) return describe(pid)
    }
  }
  return undefined
}

async function listeningInodes(port) {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = new Set()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const rows = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const row of rows) {
      const [, local = '', , state, , , , , , inode] = row.trim().split(/\s+/)
      if (state === LISTENING && local.endsWith(`:${wanted}`)) inodes.add(`socket:[${inode}]`)
    }
  }
  return inodes
}

async function describe(pid) {
  const name = (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')).trim()
  const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').join(' ').trim()
  return `${name} (pid ${pid})${command === '' ? '' : `: ${command.slice(0, 200)}`}`
}

/** macOS, and Linux where /proc shows only one's own processes. */
function findHolderByLsof(port) {
  return new Promise(resolve => {
    const args = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc']
    execFile('lsof', args, { timeout: LSOF_TIMEOUT_MS }, (_error, stdout) => {
      const pid = /^p(\d+)$/m.exec(stdout)?.[1]
      const name = /^c(.+)$/m.exec(stdout)?.[1]
      resolve(pid === undefined ? undefined : `${name ?? 'a process'} (pid ${pid})`)
    })
  })
}
