import { isSealed } from '../domain/jobspec/is-sealed.ts'
import type { Job, Sealed } from '../domain/jobspec/schema.ts'
import type { Json } from '../domain/json.ts'

/** What stands for a value whose key was erased. */
const ERASED = '(erased)'

type Open = (namespace: string, sealed: Sealed) => Promise<string | null>

const openValue = async (value: unknown, open: (sealed: Sealed) => Promise<string | null>): Promise<Json> => {
  if (isSealed(value)) return (await open(value)) ?? ERASED
  if (Array.isArray(value)) return Promise.all(value.map(entry => openValue(entry, open)))
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).map(async ([key, entry]) => [key, await openValue(entry, open)] as const)
    return Object.fromEntries(await Promise.all(entries))
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}

/** A recorded specification with its sealed values in clear, for those who may see them. */
export const openJob = (namespace: string, job: Job, open: Open): Promise<Json> =>
  openValue(job, sealed => open(namespace, sealed))
