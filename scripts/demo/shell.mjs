import { spawn } from 'node:child_process'

const COMMAND_TIMEOUT_MS = 60_000
/** Of a command's output this much is kept for checks and for the report of a failure. */
const MAX_KEPT_CHARS = 1_000_000

/** A step of the demo failed: the message says which and why, `output` is what a command printed that nobody saw yet. */
export class StepFailed extends Error {
  constructor(message, output = '') {
    super(message)
    this.output = output
  }
}

/**
 * A shell that shows what it runs. `run(line, options)` prints `$ line`, runs it by `sh`, passes its output through as it
 * comes, and answers the output. It throws StepFailed when the exit code is not 0, when the output does not match one of
 * `expects`, or after `timeoutMs`; the signal's reason when `signal` aborts. `isQuiet` prints neither line nor output.
 * Everything the line started is killed with it.
 */
export function createShell({ env, cwd, signal, print }) {
  return {
    async run(line, { expects = [], isQuiet = false, timeoutMs = COMMAND_TIMEOUT_MS } = {}) {
      signal.throwIfAborted()
      if (!isQuiet) print(`\n$ ${line}\n`)
      const result = await runToEnd({ line, env, cwd, signal, timeoutMs, onOutput: isQuiet ? () => {} : print })
      signal.throwIfAborted()
      const unseen = isQuiet ? result.output : ''
      if (result.isTimedOut) throw new StepFailed(`"${line}" did not end within ${timeoutMs / 1_000} s`, unseen)
      if (result.code !== 0) throw new StepFailed(`"${line}" ended with ${describeEnd(result)}`, unseen)
      const missed = expects.find(expected => !expected.test(result.output))
      if (missed !== undefined) throw new StepFailed(`"${line}" ended well, but printed nothing like ${missed}`, unseen)
      return result.output
    },
  }
}

const describeEnd = ({ code, killedBy }) => (killedBy === null ? `exit code ${code}` : `signal ${killedBy}`)

/** The line runs in a process group of its own, so that Ctrl-C in the terminal reaches the demo first and only. */
function runToEnd({ line, env, cwd, signal, timeoutMs, onOutput }) {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', line], { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let isTimedOut = false
    const kill = () => killGroup(child.pid, 'SIGKILL')
    const timer = setTimeout(() => {
      isTimedOut = true
      kill()
    }, timeoutMs)
    const take = chunk => {
      const text = chunk.toString('utf8')
      output = (output + text).slice(-MAX_KEPT_CHARS)
      onOutput(text)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    signal.addEventListener('abort', kill, { once: true })
    const settle = act => {
      clearTimeout(timer)
      signal.removeEventListener('abort', kill)
      act()
    }
    child.on('error', error => settle(() => reject(new StepFailed(`"${line}" cannot be run: ${error.message}`))))
    child.on('close', (code, killedBy) => settle(() => resolve({ code, killedBy, output, isTimedOut })))
  })
}

/** Sends a signal to a process group that this demo started; one that is gone is no problem. */
export function killGroup(pid, name) {
  try {
    process.kill(-pid, name)
  } catch (error) {
    if (error.code !== 'ESRCH') throw error
  }
}

/** Quotes a word for `sh`, only where it must be. */
export const quoteWord = word => (/^[\w./:=,@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
