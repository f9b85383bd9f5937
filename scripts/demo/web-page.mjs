import { setTimeout } from 'node:timers/promises'
import { StepFailed } from './shell.mjs'
import { renderTable } from './table.mjs'

const POLL_MS = 200
const REQUEST_TIMEOUT_MS = 2_000

/**
 * The tutorial's web page, as the demo reads it: `waitFor(what, isThere, timeoutMs)` polls until `isThere(company)` and
 * answers the company; `watch(ms, check)` polls that long and hands each reading to `check`; `isGone()` tells whether
 * nothing answers there.
 */
export function createWebPage(url, signal) {
  const read = async () => {
    const answer = await fetch(`${url}/employees.json`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    })
    if (answer.status !== 200) throw new Error(`it answered ${answer.status}`)
    return answer.json()
  }
  return {
    url,
    async waitFor(what, isThere, timeoutMs) {
      const deadline = Date.now() + timeoutMs
      let last = 'nothing'
      for (;;) {
        signal.throwIfAborted()
        try {
          const company = await read()
          if (isThere(company)) return company
          last = JSON.stringify(company)
        } catch (error) {
          signal.throwIfAborted()
          last = error.cause?.message ?? error.message
        }
        if (Date.now() > deadline)
          throw new StepFailed(`${url} did not show ${what} within ${timeoutMs / 1_000} s`, `last seen: ${last}\n`)
        await setTimeout(POLL_MS, undefined, { signal })
      }
    },
    async watch(forMs, check) {
      const end = Date.now() + forMs
      while (Date.now() < end) {
        check(await read())
        await setTimeout(POLL_MS, undefined, { signal })
      }
    },
    isGone: () =>
      read().then(
        () => false,
        error => error.cause?.code === 'ECONNREFUSED',
      ),
  }
}

/** The company as a small table for the terminal. */
export function renderCompany({ budget, employees }) {
  const rows = employees.map(({ id, type, doing, tasksDone, onlineForS }) => [
    id,
    type,
    doing,
    String(tasksDone),
    `${onlineForS} s`,
  ])
  return `Budget ${budget}, ${employees.length} online\n${renderTable(['Employee', 'Type', 'Now', 'Tasks done', 'Online for'], rows)}`
}
