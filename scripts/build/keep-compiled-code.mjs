import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const TIMEOUT_MS = 30_000
const READY = 'Node is ready'

/**
 * Starts the built agent once in a directory of its own, until its node is ready, and keeps what V8 has compiled by then
 * beside the bundle (see src/main/load-agent.cjs): exactly the code of a start. Where an agent cannot run, the build is
 * whole without it, and says so; it starts more slowly.
 */
export const keepCompiledCode = async dist => {
  const scratch = mkdtempSync(join(tmpdir(), 'muster-build-'))
  const preload = ['--require', join(import.meta.dirname, 'save-compiled-code.cjs')]
  const command = ['agent', '-dev', '-data-dir', scratch, '-http-port', '0', '-log-level', 'error']
  const agent = spawn(process.execPath, [...preload, join(dist, 'muster.cjs'), ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  let said = ''
  agent.stderr.setEncoding('utf8').on('data', text => {
    const wasReady = said.includes(READY)
    said += text
    if (!wasReady && said.includes(READY)) agent.kill('SIGTERM')
  })
  const code = await new Promise(resolve => {
    agent.once('error', resolve)
    agent.once('close', resolve)
  })
  rmSync(scratch, { recursive: true, force: true })
  if (code !== 0) console.warn(`The agent could not be started here, so its code is not kept compiled: ${said || code}`)
}
