import { errorCatalogue, isAppError } from '../../../platform/errors.ts'
import type { StepContext } from '../task-context.ts'
import * as notes from '../task-events.ts'
import { startFailed } from './changes.ts'

/** A full disk may have room later; a path that leads outside will not come back in. */
const mayPass = (error: unknown): boolean =>
  isAppError(error) && (errorCatalogue[error.code].retry || error.code === 'DATA_DIR_UNUSABLE')

const payloadOf = (context: StepContext): { readonly path: string; readonly content: Buffer } | null => {
  const { owner } = context
  const file = owner.task().dispatchPayloadFile
  const { payload } = owner.held()
  return file === '' || payload === null ? null : { path: `local/${file}`, content: Buffer.from(payload, 'base64') }
}

const setUp = async (context: StepContext, isRunning: boolean): Promise<void> => {
  const { owner, services } = context
  const { allocationId } = owner.held()
  const task = owner.task()
  await services.directories.build(allocationId, task.name, isRunning)
  const payload = payloadOf(context)
  if (payload !== null) {
    await services.directories.write({ allocationId, task: task.name, path: payload.path }, payload.content, 0o644)
  }
  await context.templates.prepare(context.signal)
}

export const prepare = async (context: StepContext): Promise<void> => {
  const isRunning = context.record().phase.kind === 'running'
  if (context.record().phase.kind === 'waiting') await context.commit({}, [notes.taskSetup])
  try {
    await setUp(context, isRunning)
  } catch (error) {
    if (context.signal.aborted) return
    if (!isAppError(error)) throw error
    // What runs goes on with what was rendered before.
    if (isRunning) await context.commit({}, [notes.templateFailure(error.message)])
    else {
      await context.commit(startFailed(error.message, mayPass(error)), [notes.setupFailure(error.message)])
      return
    }
  }
  if (!context.signal.aborted) context.setPrepared()
}
