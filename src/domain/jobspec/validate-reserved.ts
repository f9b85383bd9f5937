import type { Json } from '../json.ts'
import { isSealed } from './is-sealed.ts'
import type { Path, Reports } from './spec-finding.ts'

/**
 * Refuses a value that has the shape of a sealed one. Taken for one, it would be opened: whoever may read events, but not
 * secrets, could have a secret given to a task of his own (I10).
 */
export const checkReserved = ({ error }: Reports, value: Json, path: Path): void => {
  const pending: Json[] = [value]
  while (pending.length > 0) {
    const next = pending.pop()
    if (typeof next !== 'object' || next === null) continue
    const looksSealed = !Array.isArray(next) && 'digest' in next && ('sealed' in next || 'source' in next)
    if (isSealed(next) || (looksSealed && path.at(-1) === 'config')) {
      error(
        path,
        'Reserved names',
        '"digest" together with "sealed" or "source" is what a sealed value has: rename one.',
      )
      return
    }
    for (const entry of Object.values(next)) pending.push(entry)
  }
}
