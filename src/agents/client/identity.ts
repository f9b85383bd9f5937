import { createHash } from 'node:crypto'
import { uuidV4 } from '../../platform/ids.ts'
import type { Random } from '../../platform/random.ts'
import type { NodeIdentity, StateStore } from './state-store.ts'

const SECRET_BYTES = 32

/** What of the node's secret may be told: its SHA-256, hex. */
export const secretDigestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/**
 * The node's identity, made and saved when there is none. A new start of the machine gets a new boot id, and so does an agent
 * that does not know its reports any more: their numbers begin anew, and must not be taken for those of before (I5).
 */
export const identify = async (
  state: Pick<StateStore, 'saveIdentity'>,
  known: NodeIdentity | null,
  { machineBoot, knowsReports }: { readonly machineBoot: string; readonly knowsReports: boolean },
  random: Random,
): Promise<NodeIdentity> => {
  if (known !== null && known.machineBoot === machineBoot && knowsReports) return known
  const identity: NodeIdentity = {
    nodeId: known?.nodeId ?? uuidV4(random),
    secret: known?.secret ?? Buffer.from(random.bytes(SECRET_BYTES)).toString('hex'),
    bootId: uuidV4(random),
    machineBoot,
  }
  await state.saveIdentity(identity)
  return identity
}
