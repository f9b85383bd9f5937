import { Worker } from 'node:worker_threads'
import type { Diagnostic } from './diagnostic.ts'
import type { GateReply, GateRequest } from './gate-message.ts'
import { protectSource } from './gate-protect.ts'
import { GATE_QUEUE_MAX, GATE_TIMEOUT_MS, MAX_SOURCE_BYTES } from './limits.ts'

/**
 * What the gate says of a source. `unavailable` says nothing about it: the worker died or ran out of time, or too many
 * sources wait. `json` is the source's body as JSON, with expressions as `${…}` texts and doubled signs kept; undefined
 * where the source is good HCL and JSON cannot say it (blocks of one type with different numbers of labels, null inside a text).
 */
export type GateVerdict =
  | { readonly kind: 'accepted'; readonly json: string | undefined }
  | { readonly kind: 'refused'; readonly diagnostics: readonly Diagnostic[] }
  | { readonly kind: 'unavailable'; readonly message: string }

/** The syntax gate: a second, independent reader of HCL. Never rejects. */
export type Gate = {
  readonly judge: (source: string) => Promise<GateVerdict>
  /** Ends the worker; what waits is answered `unavailable`, and so is everything asked later. */
  readonly close: () => Promise<void>
}

export type GateOptions = {
  /** The worker's module. By default `gate.worker.mjs` beside this module, or beside the bundle that this went into. */
  readonly workerUrl?: URL
  readonly timeoutMs?: number
  readonly queueMax?: number
}

/** The worker may use this much memory before it is ended: a source of 1 MB takes about a fifth. */
const WORKER_HEAP_MB = 512

/** The parser reads first and converts then; a message that begins so is about the second step. */
const conversionFaults = ['convert to HCL: ', 'value is null']

type Waiting = { readonly request: GateRequest; readonly settle: (reply: GateReply | Unavailable) => void }
type Unavailable = { readonly kind: 'unavailable'; readonly message: string }

type State = {
  readonly options: Required<GateOptions>
  worker: Worker | undefined
  current: (Waiting & { readonly timer: NodeJS.Timeout }) | undefined
  readonly queue: Waiting[]
  isOpen: boolean
}

const unavailable = (message: string): Unavailable => ({ kind: 'unavailable', message })

/** Opens the gate. The worker starts with the first source, is used for all, and keeps no process alive while idle. */
export const openGate = (options: GateOptions = {}): Gate => {
  const state: State = {
    options: {
      workerUrl: options.workerUrl ?? new URL('./gate.worker.mjs', import.meta.url),
      timeoutMs: options.timeoutMs ?? GATE_TIMEOUT_MS,
      queueMax: options.queueMax ?? GATE_QUEUE_MAX,
    },
    worker: undefined,
    current: undefined,
    queue: [],
    isOpen: true,
  }
  let lastId = 0
  return {
    judge: async source => {
      const byteCount = Buffer.byteLength(source)
      if (byteCount > MAX_SOURCE_BYTES) return { kind: 'refused', diagnostics: [tooLarge(byteCount)] }
      const guarded = protectSource(source)
      lastId += 1
      const reply = await enqueue(state, { id: lastId, source: guarded.text })
      switch (reply.kind) {
        case 'accepted':
          return { kind: 'accepted', json: guarded.restore(reply.json) }
        case 'refused':
          if (conversionFaults.some(beginning => reply.message.startsWith(beginning)))
            return { kind: 'accepted', json: undefined }
          return { kind: 'refused', diagnostics: guarded.diagnose(reply.message) }
        case 'unavailable':
          return reply
      }
    },
    close: async () => {
      state.isOpen = false
      for (const waiting of state.queue.splice(0)) waiting.settle(unavailable('the gate was closed'))
      await dropWorker(state, 'the gate was closed')
    },
  }
}

const tooLarge = (byteCount: number): Diagnostic => ({
  severity: 'error',
  summary: 'Source too large',
  detail: `The source has ${byteCount} bytes; at most ${MAX_SOURCE_BYTES} are read.`,
  range: { start: { line: 1, column: 1, byte: 0 }, end: { line: 1, column: 1, byte: 0 } },
})

const enqueue = (state: State, request: GateRequest): Promise<GateReply | Unavailable> =>
  new Promise(settle => {
    if (!state.isOpen) settle(unavailable('the gate was closed'))
    else if (state.queue.length >= state.options.queueMax) {
      settle(unavailable(`${state.queue.length} sources wait for the parser already; try again later`))
    } else {
      state.queue.push({ request, settle })
      startNext(state)
    }
  })

const startNext = (state: State): void => {
  if (state.current !== undefined) return
  const next = state.queue.shift()
  if (next === undefined) {
    state.worker?.unref()
    return
  }
  state.worker ??= startWorker(state)
  state.worker.ref()
  const { timeoutMs } = state.options
  const timer = setTimeout(() => {
    void dropWorker(state, `the parser did not finish within ${timeoutMs} ms; make the source smaller`)
  }, timeoutMs)
  state.current = { ...next, timer }
  state.worker.postMessage(next.request, [])
}

const startWorker = (state: State): Worker => {
  const worker = new Worker(state.options.workerUrl, {
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
  })
  worker.on('message', (reply: GateReply) => {
    if (state.worker === worker && state.current?.request.id === reply.id) finishCurrent(state, reply)
  })
  const lose = (reason: string): void => {
    if (state.worker === worker) void dropWorker(state, reason)
  }
  worker.on('error', error =>
    lose(`the parser's thread failed: ${error instanceof Error ? error.message : String(error)}`),
  )
  worker.on('exit', code => lose(`the parser's thread ended with code ${code}`))
  return worker
}

const finishCurrent = (state: State, reply: GateReply | Unavailable): void => {
  const { current } = state
  state.current = undefined
  if (current !== undefined) {
    clearTimeout(current.timer)
    current.settle(reply)
  }
  startNext(state)
}

/** Ends the worker. What it was at gets no verdict; what waits goes to a new worker. */
const dropWorker = async (state: State, reason: string): Promise<void> => {
  const { worker } = state
  state.worker = undefined
  finishCurrent(state, unavailable(reason))
  await worker?.terminate()
}
