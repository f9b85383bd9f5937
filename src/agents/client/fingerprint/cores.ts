import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

type Attributes = Readonly<Record<string, string>>

/** Where Linux says how its processors belong together. */
const ROOT = '/sys/devices'

/** Numbers in a list such as `0-3,8`, as the kernel writes them. */
export const parseCpuList = (text: string): readonly number[] =>
  text
    .trim()
    .split(',')
    .flatMap(part => {
      const [from = Number.NaN, to = from] = part.split('-').map(each => Number.parseInt(each, 10))
      return from <= to ? Array.from({ length: to - from + 1 }, (_, offset) => from + offset) : []
    })

const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')

const numaFacts = async (root: string): Promise<Attributes> => {
  const directory = join(root, 'system/node')
  const names = (await readdir(directory).catch(() => [])).filter(name => /^node\d+$/.test(name))
  if (names.length === 0) return {}
  const cores = await Promise.all(
    names.map(async name => [`numa.${name}.cores`, (await read(join(directory, name, 'cpulist'))).trim()] as const),
  )
  return { 'numa.node.count': String(names.length), ...Object.fromEntries(cores) }
}

/** Only of processors with cores of two kinds; `mhzOf` says how fast one is. */
const gradeFacts = async (root: string, mhzOf: (core: number) => number): Promise<Attributes> => {
  const performance = parseCpuList(await read(join(root, 'cpu_core/cpus')))
  const efficiency = parseCpuList(await read(join(root, 'cpu_atom/cpus')))
  if (performance.length === 0 || efficiency.length === 0) return {}
  const mhz = (cores: readonly number[]): string => String(Math.max(...cores.map(mhzOf)))
  return {
    'cpu.numcores.performance': String(performance.length),
    'cpu.numcores.efficiency': String(efficiency.length),
    'cpu.frequency.performance': mhz(performance),
    'cpu.frequency.efficiency': mhz(efficiency),
  }
}

/** Which cores there are of which kind, and which of them share memory. */
export const coreFacts = async (mhzOf: (core: number) => number, root: string = ROOT): Promise<Attributes> => ({
  ...(await numaFacts(root)),
  ...(await gradeFacts(root, mhzOf)),
})
