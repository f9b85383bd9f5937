/**
 * A Docker engine of one's own: a dockerd with its data, socket, containerd and bridge apart from everybody else's, which
 * leaves nothing behind when it is stopped. Needs root and Debian's docker.io; imports nothing that is to be installed.
 */
import { execFile, spawn } from 'node:child_process'
import { existsSync, openSync, readdirSync, readFileSync, rmdirSync, statSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { mountsBelow } from './mounts.mjs'

const run = promisify(execFile)

const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 30_000
const END_TIMEOUT_MS = 3_000
const PING_TIMEOUT_MS = 3_000
const LOOK_AGAIN_MS = 100
/** Networks of 10.x.y.0/24 that are tried for the bridge before giving up. */
const MAX_SUBNETS = 50

const pause = ms => new Promise(resolve => setTimeout(resolve, ms))

/** Whether an engine answers at this socket. Never rejects. */
export const answersAt = socketPath =>
  new Promise(resolve => {
    const outgoing = request({ socketPath, path: '/_ping', timeout: PING_TIMEOUT_MS }, incoming => {
      incoming.resume()
      incoming.on('end', () => resolve(incoming.statusCode === 200))
      incoming.on('error', () => resolve(false))
    })
    outgoing.on('timeout', () => outgoing.destroy())
    outgoing.on('error', () => resolve(false))
    outgoing.end()
  })

/** Says why no engine can be started here, undefined where one can. */
export const whyNoPrivateEngine = async () => {
  if (process.platform !== 'linux') return `this is ${process.platform}, not Linux`
  if (process.getuid?.() !== 0) return 'this user is not root'
  const hasDockerd = await run('dockerd', ['--version']).then(
    () => true,
    () => false,
  )
  return hasDockerd ? undefined : "there is no dockerd (Debian's package docker.io)"
}

/** Makes a bridge on a network that no route of this machine knows. */
const makeBridge = async name => {
  const { stdout: routes } = await run('ip', ['-4', 'route', 'show', 'table', 'all'])
  for (let number = 0; number < MAX_SUBNETS; number += 1) {
    const prefix = `10.213.${(process.pid + number) % 256}`
    if (routes.includes(`${prefix}.`)) continue
    await run('ip', ['link', 'add', 'name', name, 'type', 'bridge'])
    await run('ip', ['addr', 'add', `${prefix}.1/24`, 'dev', name])
    await run('ip', ['link', 'set', name, 'up'])
    return
  }
  throw new Error(`no free network for the bridge ${name} was found among ${MAX_SUBNETS}`)
}

const hasEnded = child => child.exitCode !== null || child.signalCode !== null

/** Waits for `holds`, asked again and again; answers whether it came true in time. */
const becomesTrue = async (timeoutMs, holds) => {
  const deadlineMs = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > deadlineMs) return false
    await pause(LOOK_AGAIN_MS)
  }
  return true
}

let engines = 0

/**
 * Starts an engine. `isBesideAnother`: it touches no packet filter of the machine, since a dockerd that starts clears the
 * rules of the one that runs; its containers publish no ports then. `keepsContainers`: they survive a restart of the daemon (live-restore).
 */
export const startPrivateEngine = async ({ isBesideAnother = false, keepsContainers = false } = {}) => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-engine-'))
  const socketPath = join(dir, 'docker.sock')
  const logPath = join(dir, 'dockerd.log')
  // Never --bridge=none: a dockerd that is told so deletes docker0, whoever uses it.
  engines += 1
  const bridge = `mst${process.pid}x${engines}`.slice(0, 15)
  await mkdir(join(dir, 'exec'), { recursive: true })
  await makeBridge(bridge)
  // Its control groups bear the bridge's name, so that no other engine's are among them.
  const place = { dir, group: bridge }
  const interfaces = new Set([bridge])
  let daemon

  const start = async () => {
    const log = openSync(logPath, 'a')
    const places = [`--data-root=${dir}/data`, `--exec-root=${dir}/exec`, `--pidfile=${dir}/docker.pid`]
    const network = isBesideAnother ? ['--iptables=false', '--ip6tables=false'] : []
    const kept = keepsContainers ? ['--live-restore'] : []
    const groups = ['--exec-opt=native.cgroupdriver=cgroupfs', `--cgroup-parent=/${place.group}`]
    const args = [`--host=unix://${socketPath}`, `--bridge=${bridge}`, ...places, ...network, ...groups, ...kept]
    daemon = spawn('dockerd', args, { stdio: ['ignore', log, log] })
    daemon.on('error', () => {})
    const answers = await becomesTrue(START_TIMEOUT_MS, async () => hasEnded(daemon) || (await answersAt(socketPath)))
    if (answers && !hasEnded(daemon)) return
    throw new Error(
      `the private dockerd did not start; its log ends with:\n${readFileSync(logPath, 'utf8').slice(-2_000)}`,
    )
  }

  /** Ends the daemon, with SIGKILL as a crash does. */
  const stopDaemon = async signal => {
    if (hasEnded(daemon)) return
    daemon.kill(signal)
    if (!(await becomesTrue(STOP_TIMEOUT_MS, async () => hasEnded(daemon)))) {
      daemon.kill('SIGKILL')
      await becomesTrue(STOP_TIMEOUT_MS, async () => hasEnded(daemon))
    }
    // A dockerd that crashed leaves the number of its containerd, which the next one would take for a running one.
    const pidPath = join(dir, 'exec/containerd/containerd.pid')
    const pid = readPid(pidPath)
    if (pid !== undefined) await endProcess(pid)
    await rm(pidPath, { force: true })
  }

  const stop = async () => {
    for (const name of namesIn(`/sys/class/net/${bridge}/brif`)) interfaces.add(name)
    await stopDaemon('SIGTERM')
    // With live-restore, or after a crash, containers run on under their shims, or even without.
    for (const pid of withDescendants(processesOf(place))) await endProcess(pid)
    await unmountBelow(dir)
    await becomesTrue(END_TIMEOUT_MS, async () => groupsOf(place).every(removeGroup))
    // Pairs of interfaces are left, too, by a daemon that was killed amid a start.
    for (const name of interfaces) await run('ip', ['link', 'delete', name]).catch(() => {})
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: LOOK_AGAIN_MS })
  }

  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return {
    socketPath,
    endpoint: `unix://${socketPath}`,
    start,
    stopDaemon,
    stop,
    traces: () => tracesOf(place, [...interfaces]),
  }
}

const namesIn = path => {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

/** What can still be found of an engine on this machine; network namespaces are among the mounts. */
const tracesOf = async (place, interfaces) => {
  const rules = await run('iptables-save').then(
    ({ stdout }) => stdout.split('\n'),
    () => [],
  )
  const mounts = readOrEmpty('/proc/self/mountinfo').split('\n')
  return [
    ...processesOf(place).map(pid => `process ${pid}: ${readOrEmpty(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`),
    ...mounts.filter(line => line.includes(`${place.dir}/`)).map(line => `mount ${line}`),
    ...interfaces.filter(name => existsSync(`/sys/class/net/${name}`)).map(name => `interface ${name}`),
    ...rules.filter(line => line.split(' ').some(word => interfaces.includes(word))).map(line => `rule ${line}`),
    ...groupsOf(place).map(path => `control group ${path}`),
    ...(existsSync(place.dir) ? [`folder ${place.dir}`] : []),
  ]
}

const GROUPS = '/sys/fs/cgroup'

/** The engine's own control group where they are one tree, or in the tree of each controller. */
const groupsOf = ({ group }) =>
  [GROUPS, ...namesIn(GROUPS).map(name => join(GROUPS, name))].map(root => join(root, group)).filter(existsSync)

/** Removes a control group and those below it; false where a process holds one. */
const removeGroup = path => {
  for (const name of namesIn(path)) if (statSync(join(path, name)).isDirectory()) removeGroup(join(path, name))
  try {
    rmdirSync(path)
  } catch {
    // It holds a process, or another tree's name for it was removed before.
  }
  return !existsSync(path)
}

const readPid = path => {
  try {
    const pid = Number.parseInt(readFileSync(path, 'utf8'), 10)
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
  } catch {
    return undefined
  }
}

const readOrEmpty = path => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const allPids = () =>
  readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)

/** Processes that name the engine's folder or are in its control groups. */
const processesOf = ({ dir, group }) =>
  allPids().filter(
    pid =>
      pid !== process.pid &&
      (readOrEmpty(`/proc/${pid}/cmdline`).includes(`${dir}/`) ||
        readOrEmpty(`/proc/${pid}/cgroup`).includes(`:/${group}/`)),
  )

/** These processes and all below them, children before their parents. */
const withDescendants = pids => {
  const parentOf = new Map(allPids().map(pid => [pid, statFields(pid)[1]]))
  const below = pid =>
    [...parentOf].filter(([, parent]) => parent === String(pid)).flatMap(([child]) => [...below(child), child])
  return [...new Set(pids.flatMap(pid => [...below(pid), pid]))]
}

/** State, parent and so on: what follows the command's name in a line of /proc/PID/stat. */
const statFields = pid => {
  const line = readOrEmpty(`/proc/${pid}/stat`)
  return line.slice(line.lastIndexOf(')') + 2).split(' ')
}

const isAlive = pid => !['', 'Z', 'X'].includes(statFields(pid)[0] ?? '')

const endProcess = async pid => {
  for (const signal of ['SIGTERM', 'SIGKILL']) {
    if (!isAlive(pid)) return
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    if (await becomesTrue(END_TIMEOUT_MS, async () => !isAlive(pid))) return
  }
}

const unmountBelow = async dir => {
  for (const path of mountsBelow(dir)) await run('umount', ['-l', path]).catch(() => {})
}

/**
 * The engine that tests are to use: the one that answers where Docker's clients look (`found`), else one of our own
 * (`started`, with the environment that leads to it, and its end), else none, with the reason.
 */
export const provideEngine = async (env = process.env) => {
  const { DOCKER_HOST: host = '' } = env
  const socketPath = host === '' ? '/var/run/docker.sock' : host.replace(/^unix:\/\//, '')
  if (!socketPath.includes('://') && (await answersAt(socketPath))) return { kind: 'found', env: {} }
  if (host !== '')
    return { kind: 'none', reason: `DOCKER_HOST is ${host}, and no engine answers at a unix socket there` }
  const reason = await whyNoPrivateEngine()
  if (reason !== undefined) return { kind: 'none', reason }
  try {
    const engine = await startPrivateEngine()
    return { kind: 'started', env: { DOCKER_HOST: engine.endpoint }, stop: engine.stop }
  } catch (error) {
    return { kind: 'none', reason: error.message }
  }
}
