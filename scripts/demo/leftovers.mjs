import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { listContainersOf, removeContainersOf, removeImages } from '../../infra/demo/images.mjs'
import { mountsBelow } from '../mounts.mjs'
import { isAlive, isGoneWithin, stopAgent } from './agent.mjs'

const run = promisify(execFile)

const GONE_TIMEOUT_MS = 5_000
const ALLOCATION_ID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/**
 * Ends and removes everything that one run of the demo made: the agent, its tasks whoever knows of them still, the
 * images, the directory. Works whatever of it is there, so it serves the end of a run, a failure half way and
 * `--stop` alike. Answers one line for each thing that could not be removed.
 */
export async function tidyUp({ agentPid, dir, engine, images }) {
  const problems = []
  const attempt = async (what, act) => {
    try {
      await act()
    } catch (error) {
      problems.push(`${what}: ${error.message}`)
    }
  }
  await attempt('the agent cannot be ended', async () => (await isOurAgent(agentPid, dir)) && stopAgent(agentPid))
  await attempt('tasks cannot be ended', () => killProcessesOf(dir))
  if (engine !== undefined && images.length > 0) {
    await attempt('containers cannot be removed', () => removeContainersOf({ engine, images }))
    await attempt('images cannot be removed', async () => problems.push(...(await removeImages({ engine, images }))))
  }
  await attempt('secrets of tasks cannot be unmounted', () => unmountBelow(dir))
  await attempt(`${dir} cannot be removed`, () => rm(dir, { recursive: true, force: true, maxRetries: 3 }))
  return problems
}

/** An agent that is root keeps secrets of tasks in memory; they stay mounted when it is gone. */
async function unmountBelow(dir) {
  const below = existsSync('/proc/self/mounts') ? mountsBelow(dir) : []
  if (below.length > 0) await run('umount', ['-l', ...below])
}

/** Long after the run its pid may be another process' by now; the agent's own command line names the directory. */
async function isOurAgent(pid, dir) {
  if (pid === undefined) return false
  const processes = await listProcesses()
  return processes.length === 0 || processes.some(each => each.pid === pid && each.command.includes(dir))
}

/**
 * What still runs of the tutorial's tasks: a line for each container or process. A process is a task's when it works in
 * an allocation's directory or was told of one; helpers of the agent that live elsewhere under `dataDir` are not meant.
 */
export async function listRunningTasks({ dataDir, engine, images }) {
  if (engine !== undefined) {
    const containers = await listContainersOf({ engine, images })
    return containers.filter(({ isRunning }) => isRunning).map(({ name }) => `container ${name}`)
  }
  const processes = await listProcesses()
  return processes
    .filter(({ cwd, environment }) =>
      [cwd, /^NOMAD_ALLOC_DIR=(.*)$/m.exec(environment.replaceAll('\0', '\n'))?.[1] ?? ''].some(
        path => isInside(path, dataDir) && ALLOCATION_ID.test(path),
      ),
    )
    .map(({ pid, command }) => `process ${pid}: ${command}`)
}

/** Twice, since a process that is just being started by another may escape the first look. */
async function killProcessesOf(dir) {
  for (let round = 0; round < 2; round += 1) {
    const pids = (await listProcesses())
      .filter(
        ({ cwd, command, environment }) => isInside(cwd, dir) || command.includes(dir) || environment.includes(dir),
      )
      .map(({ pid }) => pid)
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    if (!(await isGoneWithin(pids, GONE_TIMEOUT_MS)))
      throw new Error(`these do not end: ${pids.filter(isAlive).join(', ')}`)
  }
}

const isInside = (path, folder) => path === folder || path.startsWith(`${folder}/`)

/** The processes of this machine except this one, as /proc shows them; none where there is no /proc. */
async function listProcesses() {
  const pids = (await readdir('/proc').catch(() => [])).filter(name => /^\d+$/.test(name)).map(Number)
  const read = (pid, name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
  const processes = []
  for (const pid of pids) {
    if (pid === process.pid) continue
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    const command = (await read(pid, 'cmdline')).replaceAll('\0', ' ').trim()
    processes.push({ pid, cwd, command, environment: await read(pid, 'environ') })
  }
  return processes
}
