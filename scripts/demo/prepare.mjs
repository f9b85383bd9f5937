import { existsSync, statSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { quoteWord } from './shell.mjs'

const INSTALL_TIMEOUT_MS = 15 * 60_000
const BUILD_TIMEOUT_MS = 5 * 60_000

/**
 * Installs the dependencies and builds `muster`, each only when it is missing or older than what it is made from. Answers
 * what was done, in words.
 */
export async function prepare({ root, shell }) {
  const done = []
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? `${quoteWord(process.execPath)} ${quoteWord(process.env.npm_execpath)}`
    : 'npm'
  if (modified(join(root, 'node_modules/.package-lock.json')) < modified(join(root, 'package-lock.json'))) {
    await shell.run(`${npm} ci`, { timeoutMs: INSTALL_TIMEOUT_MS })
    done.push('installed')
  }
  if (
    (await newest(join(root, 'dist'))) <
    Math.max(await newest(join(root, 'src')), modified(join(root, 'package-lock.json')))
  ) {
    await shell.run(`${npm} run build`, { timeoutMs: BUILD_TIMEOUT_MS })
    done.push('built')
  }
  return done.length === 0 ? 'nothing to install or build' : done.join(' and ')
}

/** Milliseconds; 0 for what is not there. */
const modified = path => (existsSync(path) ? statSync(path).mtimeMs : 0)

async function newest(folder) {
  if (!existsSync(folder)) return 0
  const entries = await readdir(folder, { withFileTypes: true, recursive: true })
  const files = entries.filter(entry => entry.isFile())
  return files.reduce((latest, file) => Math.max(latest, modified(join(file.parentPath ?? file.path, file.name))), 0)
}
