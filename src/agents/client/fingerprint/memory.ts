import { totalmem } from 'node:os'

const BYTES_PER_MB = 1_048_576

export const memoryFacts = (): { readonly attributes: Readonly<Record<string, string>>; readonly totalMb: number } => ({
  attributes: { 'memory.totalbytes': String(totalmem()) },
  totalMb: Math.floor(totalmem() / BYTES_PER_MB),
})
