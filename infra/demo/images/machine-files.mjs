import { execFile } from 'node:child_process'
import { access, constants, readdir, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const LDD_TIMEOUT_MS = 10_000

/** What every image of ours has, so that programs find root, names and a place for scratch files. */
export const BASE_FILES = [
  { path: '/etc/passwd', content: 'root:x:0:0:root:/:/bin/sh\n' },
  { path: '/etc/group', content: 'root:x:0:\n' },
  { path: '/etc/nsswitch.conf', content: 'hosts: files dns\n' },
  { path: '/tmp', isDirectory: true, mode: 0o1777 },
]

/** The first executable file of that name in the folders of PATH (and the ones where servers are), or undefined. */
export async function findProgram(name, env = process.env) {
  for (const folder of [...(env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']) {
    if (!folder.startsWith('/')) continue
    const path = join(folder, name)
    const isThere = await access(path, constants.X_OK)
      .then(async () => (await stat(path)).isFile())
      .catch(() => false)
    if (isThere) return path
  }
  return undefined
}

/**
 * The program, under its own path, and the shared libraries that `ldd` says it loads. Throws when a library is missing
 * or `ldd` cannot be run.
 */
export async function filesOfProgram(path) {
  const listing = await run('ldd', [path], { timeout: LDD_TIMEOUT_MS, env: { ...process.env, LC_ALL: 'C' } }).catch(
    error => {
      const output = `${error.stdout ?? ''}${error.stderr ?? ''}`
      if (/not a (valid )?dynamic (executable|program)|statically linked/i.test(output)) return { stdout: '' }
      throw new Error(`ldd cannot list the libraries of ${path}: ${output.trim() || error.message}`)
    },
  )
  const missing = /^\s*(\S+) => not found/m.exec(listing.stdout)
  if (missing !== null) throw new Error(`${path} needs the library ${missing[1]}, which is not on this machine`)
  const libraries = listing.stdout
    .split('\n')
    .flatMap(line => /(?:=> |^\s*)(\/\S+)(?: \(0x[0-9a-f]+\))?\s*$/.exec(line)?.[1] ?? [])
  return [path, ...new Set(libraries)].map(each => ({ path: each, from: each }))
}

/** The plain files of a folder (not of folders inside it), placed under `at`. */
export async function filesOfFolder(folder, at) {
  const entries = await readdir(folder, { withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(({ name }) => ({ path: `${at}/${name}`, from: join(folder, name), mode: 0o644 }))
}
