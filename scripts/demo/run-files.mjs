import { chmod, mkdir, mkdtemp, readFile, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { quoteWord } from './shell.mjs'

const PREFIX = 'muster-demo-'
const STATE_FILE = 'demo.json'

/**
 * The directory of one run, in the system's temporary one: the agent's data, its log, a `muster` command to be found
 * through PATH, and demo.json, from which `--stop` learns what to tidy up.
 */
export async function createRunFiles(muster) {
  const dir = await realpath(await mkdtemp(join(tmpdir(), PREFIX)))
  const files = { dir, dataDir: join(dir, 'data'), logPath: join(dir, 'agent.log'), binDir: join(dir, 'bin') }
  await mkdir(files.dataDir, { mode: 0o700 })
  await mkdir(files.binDir)
  const command = join(files.binDir, 'muster')
  await writeFile(command, `#!/bin/sh\nexec ${quoteWord(muster)} "$@"\n`)
  await chmod(command, 0o755)
  return files
}

/** Keeps what `--stop` must know: `{ agentPid, engine, images }`. */
export function saveState(dir, state) {
  return writeFile(join(dir, STATE_FILE), JSON.stringify(state, undefined, 2))
}

/** What saveState kept, or undefined when the directory is not one of a demo. */
export async function loadState(dir) {
  try {
    return JSON.parse(await readFile(join(dir, STATE_FILE), 'utf8'))
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/**
 * The environment of the agent and of all commands: this process' own without settings of another cluster, with `muster`
 * on PATH, the API's address, and the job files' variables.
 */
export function commandEnv({ binDir, apiPort, variables }) {
  const own = Object.entries(process.env).filter(([name]) => !/^(MUSTER|NOMAD)_/.test(name))
  return {
    ...Object.fromEntries(own),
    PATH: `${binDir}${delimiter}${process.env.PATH ?? ''}`,
    MUSTER_ADDR: `http://127.0.0.1:${apiPort}`,
    ...Object.fromEntries(Object.entries(variables).map(([name, value]) => [`NOMAD_VAR_${name}`, value])),
  }
}
