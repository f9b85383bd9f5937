import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { killGroup, StepFailed } from './shell.mjs'

const READY_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 15_000
const KILL_TIMEOUT_MS = 5_000
const POLL_MS = 100
const LAST_LINES = 25

/**
 * Starts the dev agent in a process group of its own, its log going to `logPath`. Answers `{ pid, hasEnded() }` at once;
 * waitUntilReady tells when it is of use.
 */
export function startAgent({ muster, args, env, cwd, logPath }) {
  const log = openSync(logPath, 'a', 0o600)
  const child = spawn(muster, args, { env, cwd, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  let end
  child.on('error', error => (end = `it cannot be started: ${error.message}`))
  child.on(
    'exit',
    (code, signal) => (end ??= signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`),
  )
  child.unref()
  return { pid: child.pid, hasEnded: () => end }
}

/** Resolves when `muster node status` shows a node that is ready; throws StepFailed when that takes too long or the agent ended. */
export async function waitUntilReady({ agent, shell, signal }) {
  const deadline = Date.now() + READY_TIMEOUT_MS
  let last = ''
  for (;;) {
    if (agent.hasEnded() !== undefined) throw new StepFailed(`the agent did not become ready: ${agent.hasEnded()}`)
    try {
      if (/\bready\b/.test(await shell.run('muster node status', { isQuiet: true, timeoutMs: READY_TIMEOUT_MS })))
        return
    } catch (error) {
      if (!(error instanceof StepFailed)) throw error
      last = error.output
    }
    if (Date.now() > deadline)
      throw new StepFailed(`the agent has no ready node after ${READY_TIMEOUT_MS / 1_000} s`, last)
    await setTimeout(POLL_MS, undefined, { signal })
  }
}

/** Asks the agent to end, kills it when it does not, and resolves when it is gone; throws when even that does not help. */
export async function stopAgent(pid) {
  if (!isAlive(pid)) return
  process.kill(pid, 'SIGINT')
  if (await isGoneWithin([pid], STOP_TIMEOUT_MS)) return
  killGroup(pid, 'SIGKILL')
  if (!(await isGoneWithin([pid], KILL_TIMEOUT_MS))) throw new Error(`process ${pid} does not end`)
}

/** Whether all these processes end in that time. */
export async function isGoneWithin(pids, timeoutMs) {
  const deadline = Date.now() + timeoutMs
  while (pids.some(isAlive)) {
    if (Date.now() > deadline) return false
    await setTimeout(POLL_MS)
  }
  return true
}

/** A process that ended and that nobody has waited for (in a container whose first process does not) counts as dead. */
export function isAlive(pid) {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error.code === 'EPERM'
  }
  try {
    return !/^\d+ \(.*\) Z /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return process.platform !== 'linux'
  }
}

/** The end of the agent's log, for a person who wants to know what went wrong. */
export async function lastLines(logPath) {
  const text = await readFile(logPath, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-LAST_LINES).join('\n')
}
