import { sha1 } from './sha1.ts'

/** Ids that follow from what they name, so that a repeat is recognised as one (invariant I5). */

const encoder = new TextEncoder()
const namespace = Uint8Array.of(
  0x6d,
  0x75,
  0x73,
  0x74,
  0x65,
  0x72,
  0x40,
  0x00,
  0x80,
  0x00,
  0x65,
  0x76,
  0x65,
  0x6e,
  0x74,
  0x73,
)

const hexByByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

const hexOf = (bytes: Uint8Array): string => {
  let hex = ''
  for (const byte of bytes) hex += hexByByte[byte] ?? ''
  return hex
}

/** The UUID (version 5) of `parts` under Muster's namespace. Parts are kept apart: ('a','bc') and ('ab','c') differ. */
export const uuidOf = (...parts: readonly (string | number)[]): string => {
  const name = encoder.encode(parts.map(part => `${String(part).length}:${part}`).join(''))
  const input = new Uint8Array(namespace.length + name.length)
  input.set(namespace)
  input.set(name, namespace.length)
  const bytes = sha1(input).slice(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = hexOf(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/**
 * The id of the event that stands at `index` of the append that a leader makes on `control` at `expectedRevision` (-1 = no
 * stream). `leadershipId` is the id of the LeadershipTaken event that began its epoch: drawn by chance, so that neither two
 * leaders nor two clusters ever build the same id. Never from content or cause (I5).
 */
export const controlEventId = (leadershipId: string, expectedRevision: number, index: number): string =>
  uuidOf('control', leadershipId, expectedRevision, index)

/** The id of the event number `index` that command `commandId` was answered with. */
export const commandEventId = (commandId: string, index: number): string => uuidOf('command', commandId, index)

/** The allocation that row `row` of the plan event `planEventId` places. */
export const allocationId = (planEventId: string, row: number): string => uuidOf('allocation', planEventId, row)

/** The evaluation that `cause` (an event's or an object's id) opens for a reason. */
export const evaluationIdOf = (cause: string, trigger: string, index: number | string): string =>
  uuidOf('evaluation', cause, trigger, index)

export const deploymentIdOf = (planEventId: string): string => uuidOf('deployment', planEventId)

/** Key of a job in maps: namespaces have no slash, so the first one splits. */
export type JobKey = string
export const jobKey = (jobNamespace: string, jobId: string): JobKey => `${jobNamespace}/${jobId}`
export const splitJobKey = (key: JobKey): { readonly namespace: string; readonly jobId: string } => {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), jobId: key.slice(slash + 1) }
}
