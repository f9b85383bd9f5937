import { AppError } from '../../platform/errors.ts'
import type { At } from '../../projections/interval.ts'
import type { ReadModel } from '../../projections/runner.ts'
import { VIEW_WAIT_MS } from './limits.ts'

export type MomentInput = { readonly time?: number | null; readonly position?: number | null }
export type ReadArguments = { readonly after?: number | null; readonly at?: MomentInput | null }

/**
 * Answers from the view, at once where it can: once it has the position that `after` names. Views are read synchronously,
 * so everything that one answer shows is of one moment.
 */
export const readView = <T>(model: ReadModel, { after }: ReadArguments, answer: () => T): T | Promise<T> => {
  if (after === undefined || after === null || after <= model.position()) return answer()
  return model.waitFor(after, VIEW_WAIT_MS).then(answer)
}

/** The moment that `at` means. Throws REQUEST_INVALID unless exactly one of time and position is given. */
export const momentOf = (model: ReadModel, { at }: ReadArguments): At => {
  if (at === undefined || at === null) return 'now'
  const { time, position } = at
  if (typeof time === 'number' && typeof position !== 'number') return model.views.moments.at({ time })
  if (typeof position === 'number' && typeof time !== 'number') return model.views.moments.at({ position })
  throw new AppError('REQUEST_INVALID', '`at` wants either a time or a position')
}

export const DEFAULT_NAMESPACE = 'default'

/** The namespace to read: `default` when it is not given, null (all) for `*`. */
export const namespaceOf = (namespace: string | null | undefined): string | null =>
  namespace === '*' ? null : (namespace ?? DEFAULT_NAMESPACE)

/** The position that an answer stands for. */
export const positionOf = (model: ReadModel, at: At): number => (at === 'now' ? model.position() : at)
