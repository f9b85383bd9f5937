import { createHmac } from 'node:crypto'
import { readFile } from 'node:fs/promises'

/** Where a machine keeps an id that outlives its restarts; the second is for root alone. */
const SOURCES = ['/etc/machine-id', '/sys/class/dmi/id/product_uuid'] as const
const KEY = 'muster host id'

/** An id of the machine that says nothing of the one it was made of, which is not to leave the machine. */
export const hostIdOf = (machineId: string): string => {
  const hex = createHmac('sha256', KEY).update(machineId).digest('hex')
  const at = (from: number, to: number): string => hex.slice(from, to)
  return `${at(0, 8)}-${at(8, 12)}-${at(12, 16)}-${at(16, 20)}-${at(20, 32)}`
}

export const hostFacts = async (
  read: (path: string) => Promise<string> = path => readFile(path, 'utf8'),
): Promise<Readonly<Record<string, string>>> => {
  for (const path of SOURCES) {
    const id = (await read(path).catch(() => '')).trim()
    if (id !== '') return { 'unique.host_id': hostIdOf(id) }
  }
  return {}
}
