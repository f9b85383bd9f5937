import { access, readFile } from 'node:fs/promises'
import { constants, hostname, machine, platform, release } from 'node:os'

type Attributes = Readonly<Record<string, string>>

const unquote = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2')

/** The KEY=VALUE lines of os-release. */
export const parseOsRelease = (text: string): Attributes =>
  Object.fromEntries(
    text.split('\n').flatMap(line => {
      const equals = line.indexOf('=')
      return equals > 0 && !line.startsWith('#')
        ? [[line.slice(0, equals).trim(), unquote(line.slice(equals + 1).trim())] as const]
        : []
    }),
  )

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Kernel, distribution and host. */
export const systemFacts = async (): Promise<Attributes> => {
  const osRelease = parseOsRelease(await readFile('/etc/os-release', 'utf8').catch(() => ''))
  const isCgroup2 = await exists('/sys/fs/cgroup/cgroup.controllers')
  return {
    'kernel.name': platform(),
    'kernel.arch': machine(),
    'kernel.version': release(),
    'os.name': osRelease['ID'] ?? platform(),
    'os.version': osRelease['VERSION_ID'] ?? '',
    'os.signals': Object.keys(constants.signals).join(','),
    'os.cgroups.version': isCgroup2 ? '2' : '1',
    'unique.hostname': hostname(),
  }
}
