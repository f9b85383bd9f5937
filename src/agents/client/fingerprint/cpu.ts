import { cpus } from 'node:os'
import type { NodeFacts } from '../../../domain/node/events.ts'

export type CpuFacts = { readonly attributes: Readonly<Record<string, string>>; readonly totalMhz: number }

/** Go's names of architectures, which job files use. */
const architectures: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', arm64: 'arm64', arm: 'arm' }

/** A virtual machine may not say how fast it is. */
const ASSUMED_MHZ = 1_000

export const architecture = (nodeName: string): string => architectures[nodeName] ?? nodeName

export const cpuFacts = (): CpuFacts => {
  const found = cpus()
  const mhz = Math.max(...found.map(({ speed }) => speed), 0) || ASSUMED_MHZ
  const count = Math.max(1, found.length)
  const totalMhz = mhz * count
  return {
    totalMhz,
    attributes: {
      'cpu.arch': architecture(process.arch),
      'cpu.modelname': found[0]?.model.trim() ?? '',
      'cpu.frequency': String(mhz),
      'cpu.numcores': String(count),
      'cpu.reservablecores': String(count),
      'cpu.totalcompute': String(totalMhz),
      'cpu.usablecompute': String(totalMhz),
    },
  }
}

/** What one core of a node offers. */
export const coreMhzOf = ({ attributes, resources }: Pick<NodeFacts, 'attributes' | 'resources'>): number =>
  Number(attributes['cpu.frequency'] ?? resources.cpuMhz)
