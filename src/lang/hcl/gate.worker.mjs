import { parentPort } from 'node:worker_threads'
import parser from 'hcl2-json-parser'

/**
 * Runs the parser in a thread of its own: it takes seconds for large sources without ever yielding, changes globals of
 * its process (`Error.stackTraceLimit`, `require`, `fs`), and rejects with strings and with objects of the Go runtime.
 *
 * JavaScript, not TypeScript: the same file then starts from a checkout under any loader, under the tests, and bundled,
 * without a loader of the thread's own. Its messages are described in `gate-message.ts`.
 */

/** What the Go runtime prints when it gives up belongs into the reply, not onto the terminal of whoever asked. */
const muted = () => true
process.stdout.write = muted
process.stderr.write = muted

/** @param {unknown} reason */
const messageOf = reason => {
  if (typeof reason === 'string') return reason
  return reason instanceof Error ? reason.message : 'the parser gave up on this source'
}

/** @param {import('./gate-message.ts').GateRequest} request */
const judge = async ({ id, source }) => {
  try {
    return { id, kind: 'accepted', json: await parser.parseToString(source) }
  } catch (error) {
    return { id, kind: 'refused', message: messageOf(error) }
  }
}

parentPort?.on('message', request => {
  void judge(request).then(reply => parentPort?.postMessage(reply, []))
})
