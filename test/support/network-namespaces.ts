import { spawnSync } from 'node:child_process'

const ip = (...args: readonly string[]): { readonly isOk: boolean; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' })
  return { isOk: status === 0, output: `${stdout}${stderr}` }
}

const must = (...args: readonly string[]): void => {
  const { isOk, output } = ip(...args)
  if (!isOk) throw new Error(`ip ${args.join(' ')}: ${output}`)
}

export type Leaf = {
  /** What a command line is put behind to run inside. */
  readonly under: readonly string[]
  readonly address: string
  /** Cuts the cable to the middle, or mends it. */
  readonly setCable: (isWhole: boolean) => void
}

/** Network namespaces that meet in one: a server's in the middle, and one cable to each client's. */
export type Star = {
  readonly middle: { readonly under: readonly string[] }
  readonly leaves: readonly (Leaf & { readonly middleAddress: string })[]
  readonly remove: () => void
}

/** True where namespaces can be made; else it is said loudly, and with CI=true a failure. */
export const canMakeNamespaces = (what: string): boolean => {
  const name = `muster-${process.pid}-probe`
  const { isOk, output } = ip('netns', 'add', name)
  if (isOk) must('netns', 'delete', name)
  else if (process.env['CI'] === 'true') throw new Error(`${what} needs network namespaces: ${output}`)
  else console.warn(`NOT TESTED: ${what}, because network namespaces cannot be made: ${output}`)
  return isOk
}

export const createStar = (leaves: number): Star => {
  const prefix = `muster-${process.pid}`
  const names = [`${prefix}-m`, ...Array.from({ length: leaves }, (_, index) => `${prefix}-${index}`)]
  const remove = (): void => {
    for (const name of names) ip('netns', 'delete', name)
  }
  const under = (name: string): readonly string[] => ['ip', 'netns', 'exec', name]
  const [middle = '', ...others] = names
  try {
    for (const name of names) {
      must('netns', 'add', name)
      must('-n', name, 'link', 'set', 'lo', 'up')
    }
    return {
      middle: { under: under(middle) },
      leaves: others.map((name, index) => {
        const [near, far] = [`10.99.${index}.1`, `10.99.${index}.2`]
        must('link', 'add', `m${index}`, 'netns', middle, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
        must('-n', middle, 'address', 'add', `${near}/24`, 'dev', `m${index}`)
        must('-n', name, 'address', 'add', `${far}/24`, 'dev', 'eth0')
        must('-n', middle, 'link', 'set', `m${index}`, 'up')
        must('-n', name, 'link', 'set', 'eth0', 'up')
        must('-n', name, 'route', 'add', 'default', 'via', near)
        const setCable = (isWhole: boolean): void =>
          must('-n', middle, 'link', 'set', `m${index}`, isWhole ? 'up' : 'down')
        return { under: under(name), address: far, middleAddress: near, setCable }
      }),
      remove,
    }
  } catch (error) {
    remove()
    throw error
  }
}
