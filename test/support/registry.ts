import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from './eventually.ts'
import { connectAndRead, freePort } from './ports.ts'

export type TestRegistry = {
  /** `127.0.0.1:PORT`; Docker speaks to loopback registries without TLS. */
  readonly host: string
  /** How many requests for manifests under this name were answered, look-ups included. */
  readonly manifestRequests: (name: string) => number
  readonly stop: () => Promise<void>
}

export const REGISTRY_USER = { username: 'muster', password: 'pull-secret' } as const
/** The bcrypt digest of that password. */
const passwordFile = 'muster:$2y$05$vSusRZAohoo01Y2vZpJjROhpCtTdrRrwSgwDgqHsTk2eSkmkLAzaC\n'

const settings = (dir: string, host: string): string => `
version: 0.1
log: { level: info, formatter: json }
storage: { filesystem: { rootdirectory: ${dir}/data } }
http: { addr: "${host}" }
auth: { htpasswd: { realm: muster-test, path: ${dir}/htpasswd } }
`

/** Starts Debian's docker-registry on a free port, for one user. Throws where the machine has none. */
export const startRegistry = async (): Promise<TestRegistry> => {
  const dir = await mkdtemp(join(tmpdir(), 'muster-registry-'))
  const port = await freePort()
  const host = `127.0.0.1:${port}`
  await writeFile(join(dir, 'htpasswd'), passwordFile)
  await writeFile(join(dir, 'config.yml'), settings(dir, host))
  const child = spawn('docker-registry', ['serve', join(dir, 'config.yml')], { stdio: ['ignore', 'pipe', 'pipe'] })
  let log = ''
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', text => {
      log += String(text)
    })
  }
  const ended = once(child, 'exit').catch((error: unknown) => {
    log += String(error)
  })
  await eventually('the registry to listen', () =>
    connectAndRead('127.0.0.1', port, 'GET / HTTP/1.0\r\n\r\n').then(
      () => true as const,
      () => undefined,
    ),
  ).catch((error: unknown) => {
    throw new Error(`docker-registry did not start: ${log.slice(-500)}`, { cause: error })
  })
  return {
    host,
    manifestRequests: name =>
      log.split('\n').filter(line => line.includes('response completed') && line.includes(`/v2/${name}/manifests/`))
        .length,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}
