import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeTree } from '../../src/platform/mounts.ts'
import { type ConfiguredAgent, isRunning, nodeReady, startConfigured, writeTicker } from '../support/cluster.ts'
import { type Certificates, makeCertificate } from '../support/eventstoredb/certificates.ts'
import { type FakeEventStoreDb, startFake } from '../support/eventstoredb/fake.ts'
import { freePort } from '../support/muster.ts'

/** A whole agent whose log is on an EventStoreDB, over TLS, with credentials and certificates from files. */
const folder = mkdtempSync(join(tmpdir(), 'muster-eventstoredb-'))
const credentials = { username: 'muster', password: 'a secret that is nobody else' }
let certificates: Certificates
let database: FakeEventStoreDb

const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

beforeAll(async () => {
  certificates = makeCertificate(folder, 'server')
  database = await startFake({ tls: certificates, credentials })
})
afterAll(async () => {
  database.stop()
  await removeTree(folder)
})

const right = () => ({
  url: database.url('tutorial'),
  credentials_file: file('credentials', `${credentials.username}:${credentials.password}\n`),
  ca_file: certificates.path,
})

const start = async (name: string, store: Readonly<Record<string, string>>): Promise<ConfiguredAgent> => {
  const port = await freePort()
  const eventstore = Object.entries(store).map(([key, value]) => `  ${key} = "${value}"\n`)
  const config = file(
    `${name}.hcl`,
    `name = "one"
data_dir = "${join(folder, name)}"
ports {
  http = ${port}
}
server {
  enabled = true
}
client {
  enabled = true
}
plugin "raw_exec" {
  config {
    enabled = true
  }
}
eventstore {
  kind = "eventstoredb"
${eventstore.join('')}}
`,
  )
  return startConfigured({ config, port })
}

describe('an agent on an EventStoreDB', () => {
  it('runs a job, and finds it and its task again after kill -9', async () => {
    const ticker = writeTicker(folder, { name: 'ticker', node: 'one' })
    const first = await start('agent', right())
    await first.logged('Node is ready')
    const run = await first.muster(['job', 'run', ticker.file])
    expect(run, run.stdout + run.stderr).toMatchObject({ code: 0 })
    first.send('SIGKILL')
    await first.ended
    const second = await start('agent', right())
    await nodeReady(second, 'one')
    await second.logged('Node is ready')
    expect((await second.muster(['job', 'status', 'ticker'])).stdout).toMatch(/run {6}running/)
    const [pid, ...more] = ticker.starts()
    expect([isRunning(pid), more]).toEqual([true, []])
    expect(await second.muster(['job', 'stop', '-purge', 'ticker'])).toMatchObject({ code: 0 })
    second.send('SIGTERM')
    expect(await second.ended).toEqual({ code: 0, signal: null })
    expect(first.log() + second.log()).not.toContain(credentials.password)
  })

  it.each([
    ['an address where nobody is', 'STORE_UNAVAILABLE', async () => ({ url: `esdb://127.0.0.1:${await freePort()}` })],
    [
      'a wrong password',
      'STORE_ACCESS_DENIED',
      async () => ({ credentials_file: file('wrong', `${credentials.username}:another secret\n`) }),
    ],
    [
      'certificates of somebody else',
      'STORE_UNTRUSTED',
      async () => ({ ca_file: makeCertificate(folder, 'stranger').path }),
    ],
    ['credentials that are not there', 'CONFIG_INVALID', async () => ({ credentials_file: join(folder, 'nowhere') })],
  ])('ends with %s, and says so', async (name, code, wrong) => {
    const agent = await start(name.replaceAll(' ', '-'), { ...right(), ...(await wrong()) })
    expect(await agent.ended).toEqual({ code: 1, signal: null })
    expect(agent.log()).toContain(`Error [${code}]`)
    expect(agent.log()).not.toContain('secret')
  })
})
