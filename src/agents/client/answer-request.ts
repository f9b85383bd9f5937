import { join } from 'node:path'
import { type Clock, sleep } from '../../platform/clock.ts'
import { AppError, isAppError } from '../../platform/errors.ts'
import type { Logger } from '../../platform/logger.ts'
import {
  type AgentMessage,
  type LinkAnswer,
  type LinkRequest,
  MAX_LINK_BUFFER_BYTES,
} from '../../protocol/client-link.ts'
import type { AllocationRunner } from './alloc-runner.ts'
import type { Directories } from './directories.ts'
import { listDirectory, statEntry, streamFile } from './files.ts'
import { MAX_OPEN_STREAMS } from './limits.ts'
import { streamLogs } from './logs.ts'
import { explainPathError } from './safe-path.ts'
import type { Sink } from './stream-file.ts'
import type { UsageMeter } from './usage/usage-meter.ts'

/** Answers what servers ask on behalf of users: logs, files, what is used. */
export type Answerer = {
  readonly request: (requestId: number, request: LinkRequest) => void
  readonly cancel: (requestId: number) => void
  /** The link is gone, and everybody who asked with it. */
  readonly cancelAll: () => void
}

export type AnswererOptions = {
  readonly clock: Clock
  readonly logger: Logger
  readonly directories: Directories
  readonly runner: (allocationId: string) => AllocationRunner | undefined
  readonly runners: () => Iterable<AllocationRunner>
  readonly usage: UsageMeter
  readonly send: (message: AgentMessage) => boolean
  readonly bufferedBytes: () => number
}

/** How long a stream holds back before it looks whether the link has room again. */
const HOLD_BACK_MS = 20

const answeredCodes = ['NOT_FOUND', 'REQUEST_INVALID', 'REQUEST_REFUSED'] as const

/** Whoever asked learns what was wrong with the question; everything else is this node's trouble. */
const errorAnswer = (error: unknown, request: LinkRequest): LinkAnswer => {
  const path = 'path' in request ? request.path : request.kind
  const known = isAppError(error) ? error : explainPathError(error, path)
  const code = answeredCodes.find(answered => answered === known.code) ?? 'INTERNAL'
  return { kind: 'error', code, message: known.message }
}

export const createAnswerer = (options: AnswererOptions): Answerer => {
  const { clock, logger, directories } = options
  const open = new Map<number, AbortController>()

  const answer = async (
    request: LinkRequest,
    send: (answer: LinkAnswer) => void,
    sink: Sink,
    signal: AbortSignal,
  ): Promise<void> => {
    if (request.kind === 'node-stats') {
      send(await options.usage.ofNode(Array.from(options.runners()).flatMap(each => [...each.tasks().values()])))
      return
    }
    const runner = options.runner(request.allocationId)
    if (runner === undefined) {
      throw new AppError('NOT_FOUND', `this node does not hold allocation ${request.allocationId}`)
    }
    const root = join(directories.root, runner.id)
    switch (request.kind) {
      case 'logs': {
        const task = runner.tasks().get(request.task)
        if (task === undefined) {
          throw new AppError('NOT_FOUND', `allocation ${runner.id} has no task ${JSON.stringify(request.task)}`)
        }
        const isOver = (): boolean => task.record().phase.kind === 'dead'
        await streamLogs({ root, request, isOver, clock }, sink, signal)
        send({ kind: 'end' })
        return
      }
      case 'read':
        await streamFile({ root, request, isOver: runner.isTerminal, clock }, sink, signal)
        send({ kind: 'end' })
        return
      case 'list':
        send({ kind: 'entries', entries: await listDirectory(root, request.path) })
        return
      case 'stat':
        send({ kind: 'entry', entry: await statEntry(root, request.path) })
        return
      case 'stats':
        send(await options.usage.ofTasks(runner.tasks().values()))
        return
    }
  }

  const run = async (requestId: number, request: LinkRequest, signal: AbortSignal): Promise<void> => {
    const send = (one: LinkAnswer): void => {
      if (!signal.aborted) options.send({ kind: 'answer', requestId, answer: one })
    }
    const sink: Sink = async piece => {
      while (!signal.aborted && options.bufferedBytes() > MAX_LINK_BUFFER_BYTES) {
        await sleep(clock, HOLD_BACK_MS, signal)
      }
      send({ kind: 'data', data: Buffer.from(piece).toString('base64') })
    }
    try {
      await answer(request, send, sink, signal)
    } catch (error) {
      const failure = errorAnswer(error, request)
      logger.debug({ requestId, request: request.kind, failure }, 'request could not be answered')
      send(failure)
    }
  }

  return {
    request: (requestId, request) => {
      if (open.size >= MAX_OPEN_STREAMS) {
        const message = `this node serves ${MAX_OPEN_STREAMS} requests already; try again later`
        options.send({ kind: 'answer', requestId, answer: { kind: 'error', code: 'REQUEST_REFUSED', message } })
        return
      }
      const controller = new AbortController()
      open.set(requestId, controller)
      void run(requestId, request, controller.signal).finally(() => open.delete(requestId))
    },
    cancel: requestId => open.get(requestId)?.abort(),
    cancelAll: () => {
      for (const controller of open.values()) controller.abort()
    },
  }
}
