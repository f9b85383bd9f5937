/**
 * The appends that wait to be sent, in call order, and all that are not settled yet, each with its deadline. An append to
 * a stream that somebody looks at waits until the look is over, and so does every later one to that stream.
 */
import type { Cancel, Clock } from '../../platform/clock.ts'
import { AppError } from '../../platform/errors.ts'
import type { AppendResult } from '../port.ts'
import type { ServerAppend } from './messages.ts'

/** How long an append may take, whatever happens. */
export const APPEND_DEADLINE_MS = 5_000
/** Appends and bytes that may wait or be in flight; a call is taken as long as neither is reached. */
export const MAX_PENDING_APPENDS = 8_192
export const MAX_PENDING_BYTES = 64_000_000
/** How often deadlines are looked at, ms. */
const TICK_MS = 100
/** Taken entries at the front of the queue that are not cut off yet. */
const MAX_TAKEN = 1_024

/** An append as it is asked for. `bytes` are those of its events. */
export type Submitted = ServerAppend & { readonly bytes: number }

export type Pending = Submitted & {
  /** Its number in call order. */
  readonly order: number
  readonly deadline: number
  /** When it was sent last. */
  sentAt: number | undefined
  /** Whether an earlier try may have written it. */
  mayStand: boolean
  isSettled: boolean
  readonly settle: (how: { readonly result: AppendResult } | { readonly error: unknown }) => void
}

export type AppendQueue = {
  /** One promise for each; all of them or, if too much waits, none is taken: then it throws OVERLOADED. */
  readonly add: (appends: readonly Submitted[]) => readonly Promise<AppendResult>[]
  /** The next to send, left in place. */
  readonly first: () => Pending | undefined
  readonly shift: () => void
  /** Puts back what was taken and not settled, at its old place. */
  readonly putBack: (taken: readonly Pending[]) => void
  /** What waits to be sent, in order. */
  readonly waiting: () => readonly Pending[]
  /** All that are not settled, sent or not. */
  readonly unsettled: () => ReadonlySet<Pending>
  readonly hold: (stream: string, look: Promise<unknown>) => void
  /** Resolves when nothing is unsettled. */
  readonly idle: () => Promise<void>
}

export type AppendQueueOptions = {
  readonly clock: Clock
  readonly server: string
  /** Called after something became ready to be sent. */
  readonly onReady: () => void
  /** Called every now and then while something is unsettled. */
  readonly onTick: (now: number) => void
}

type Held = { looks: number; readonly waiting: Pending[] }

export const createAppendQueue = (options: AppendQueueOptions): AppendQueue => {
  const { clock } = options
  const unsettled = new Set<Pending>()
  const held = new Map<string, Held>()
  const idleListeners: (() => void)[] = []
  let queue: Pending[] = []
  let taken = 0
  let pendingBytes = 0
  let order = 0
  let ticking: Cancel | undefined

  const tick = (): void => {
    ticking = undefined
    options.onTick(clock.monotonicMs())
    if (unsettled.size > 0) ticking = clock.after(TICK_MS, tick)
  }

  const create = (append: Submitted): Promise<AppendResult> =>
    new Promise((resolve, reject) => {
      const pending: Pending = {
        ...append,
        order: order++,
        deadline: clock.monotonicMs() + APPEND_DEADLINE_MS,
        sentAt: undefined,
        mayStand: false,
        isSettled: false,
        settle: how => {
          if (pending.isSettled) return
          pending.isSettled = true
          unsettled.delete(pending)
          pendingBytes -= pending.bytes
          if ('result' in how) resolve(how.result)
          else reject(how.error)
          if (unsettled.size === 0) for (const listener of idleListeners.splice(0)) listener()
        },
      }
      unsettled.add(pending)
      pendingBytes += append.bytes
      const target = held.get(append.stream)?.waiting ?? queue
      target.push(pending)
    })

  const release = (stream: string, hold: Held): void => {
    hold.looks -= 1
    if (hold.looks > 0) return
    held.delete(stream)
    queue.push(...hold.waiting)
    if (hold.waiting.length > 0) options.onReady()
  }

  return {
    add: appends => {
      if (unsettled.size >= MAX_PENDING_APPENDS || pendingBytes >= MAX_PENDING_BYTES) {
        throw overloaded(options.server, unsettled.size, pendingBytes)
      }
      const results = appends.map(create)
      ticking ??= clock.after(TICK_MS, tick)
      options.onReady()
      return results
    },
    first: () => queue[taken],
    shift: () => {
      taken += 1
      if (taken < MAX_TAKEN && taken < queue.length) return
      queue = queue.slice(taken)
      taken = 0
    },
    putBack: put => {
      queue = [...put, ...queue.slice(taken)].filter(pending => !pending.isSettled).sort((a, b) => a.order - b.order)
      taken = 0
    },
    waiting: () => queue.slice(taken),
    unsettled: () => unsettled,
    hold: (stream, look) => {
      const hold = held.get(stream) ?? { looks: 0, waiting: [] }
      held.set(stream, hold)
      hold.looks += 1
      look.then(
        () => release(stream, hold),
        () => release(stream, hold),
      )
    },
    idle: () =>
      unsettled.size === 0
        ? Promise.resolve()
        : new Promise(resolve => {
            idleListeners.push(resolve)
          }),
  }
}

const overloaded = (server: string, appends: number, bytes: number): AppError =>
  new AppError('OVERLOADED', `an append was not taken: ${appends} (${bytes} bytes) wait for ${server} already`, {
    hint: 'Try again after a moment; if it lasts, the event store is too slow for what is asked of it.',
  })
