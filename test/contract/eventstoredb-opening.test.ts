/** What opening an EventStoreDB says when address, password or certificate are wrong, and what it never says. */
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openEventStoreDb } from '../../src/eventstore/eventstoredb/open.ts'
import { type EventStoreDbOptions } from '../../src/eventstore/eventstoredb/options.ts'
import { AppError } from '../../src/platform/errors.ts'
import { newEvents, temporaryDirectory } from '../support/eventstore.ts'
import { type Certificates, makeCertificate } from '../support/eventstoredb/certificates.ts'
import { type FakeEventStoreDb, startFake } from '../support/eventstoredb/fake.ts'
import { fastClock } from '../support/eventstoredb/fast-clock.ts'
import { appended } from './eventstore-parts.ts'

const credentials = { username: 'muster', password: 'hunter2:with a colon' }

let directory: ReturnType<typeof temporaryDirectory>
let secure: FakeEventStoreDb
let plain: FakeEventStoreDb
let certificates: Certificates
let strangers: Certificates
let silent: Server
let silentPort: number
let credentialsFile: string

beforeAll(async () => {
  directory = temporaryDirectory()
  certificates = makeCertificate(directory.path, 'server')
  strangers = makeCertificate(directory.path, 'stranger')
  secure = await startFake({ tls: certificates, credentials })
  plain = await startFake()
  silent = createServer(() => {})
  silentPort = await new Promise(resolve => {
    silent.listen(0, '127.0.0.1', () => resolve((silent.address() as { port: number }).port))
  })
  credentialsFile = join(directory.path, 'credentials')
  writeFileSync(credentialsFile, `${credentials.username}:${credentials.password}\n`)
})
afterAll(() => {
  secure.stop()
  plain.stop()
  silent.close()
  directory.remove()
})

/** The error that opening fails with, on a clock that makes its limit a second. */
const refusal = async (options: EventStoreDbOptions): Promise<AppError> => {
  try {
    await (await openEventStoreDb({ clock: fastClock(5), ...options })).close()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('it was opened')
}

const trusted = (): EventStoreDbOptions => ({ url: secure.url('t'), caFile: certificates.path, credentialsFile })

describe('an EventStoreDB is opened', () => {
  test('over TLS, with credentials and certificate from files, and tells nobody the password', async () => {
    const store = await openEventStoreDb(trusted())
    expect(await store.append('job-a', 'no-stream', newEvents(1))).toEqual(appended(0))
    expect(inspect(store, { depth: 9 })).not.toContain(credentials.password)
    await store.close()
  })

  test('with credentials and certificate in the url, percent-encoded', async () => {
    const { username, password } = credentials
    const userInfo = `${username}:${encodeURIComponent(password)}`
    const url = `esdb://${userInfo}@127.0.0.1:${secure.port}/t?tls=true&tlsCAFile=${encodeURIComponent(certificates.path)}`
    await (await openEventStoreDb({ url })).close()
  })

  test('without looking at the certificate if that was asked for', async () => {
    const url = `${secure.url('t')}?tlsVerifyCert=false`
    await (await openEventStoreDb({ url, credentialsFile })).close()
  })

  test('by asking the nodes of a cluster who leads, those that are away included', async () => {
    const discovered = `esdb+discover://127.0.0.1:${plain.port}/t?tls=false`
    const several = `esdb://127.0.0.1:1,127.0.0.1:${plain.port}/t?tls=false`
    for (const url of [discovered, several]) {
      const store = await openEventStoreDb({ url })
      expect((await store.append('control', 'any', newEvents(1))).kind).toBe('appended')
      await store.close()
    }
  })

  test('once its server has started, if that is soon', async () => {
    const late = await startFake()
    late.stop()
    const opening = openEventStoreDb({ url: late.url('t') })
    await late.start()
    await (await opening).close()
    late.stop()
  })
})

describe('opening is refused', () => {
  test('where nobody listens, and where nobody answers', async () => {
    const nobody = await refusal({ url: 'esdb://127.0.0.1:1/t?tls=false' })
    expect(nobody.code).toBe('STORE_UNAVAILABLE')
    expect(nobody.message).toContain('EventStoreDB at 127.0.0.1:1 does not answer (connect ECONNREFUSED 127.0.0.1:1)')
    expect(nobody.hint).toContain('address')
    expect(nobody.cause).toBeDefined()
    expect((await refusal({ url: `esdb://127.0.0.1:${silentPort}/t?tls=false` })).code).toBe('STORE_UNAVAILABLE')
    expect((await refusal({ url: 'esdb+discover://127.0.0.1:1/t?tls=false' })).code).toBe('STORE_UNAVAILABLE')
  })

  test('with a wrong password, or none', async () => {
    const wrong = join(directory.path, 'wrong')
    writeFileSync(wrong, 'muster:guessed-it')
    for (const error of [
      await refusal({ ...trusted(), credentialsFile: wrong }),
      await refusal({ url: secure.url('t'), caFile: certificates.path }),
    ]) {
      expect(error.code).toBe('STORE_ACCESS_DENIED')
      expect(error.hint).toContain('password')
      expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/guessed-it|hunter2/)
      expect(inspect(error, { depth: 9 })).not.toContain(Buffer.from('muster:guessed-it').toString('base64'))
    }
  })

  test('with a certificate that nobody we trust has signed', async () => {
    for (const options of [
      { ...trusted(), caFile: strangers.path },
      { url: secure.url('t'), credentialsFile },
    ]) {
      const error = await refusal(options)
      expect(error.code).toBe('STORE_UNTRUSTED')
      expect(error.message).toMatch(/certificate/)
    }
  })

  test('over TLS by a server that speaks none, and the other way round', async () => {
    const noTls = await refusal({ url: `esdb://127.0.0.1:${plain.port}/t` })
    expect([noTls.code, noTls.hint]).toEqual(['STORE_UNTRUSTED', expect.stringContaining('tls=false')])
    expect((await refusal({ url: `${secure.url('t')}?tls=false` })).code).toBe('STORE_UNAVAILABLE')
  })

  test('by a server that is not ready, or says nothing, after its time', async () => {
    for (const kind of ['not-ready', 'silence'] as const) {
      plain.faults.read = () => ({ kind })
      expect((await refusal({ url: plain.url('t') })).code).toBe('STORE_UNAVAILABLE')
    }
    plain.faults.read = () => undefined
  })

  test('with files that are not there or not PEM', async () => {
    const missing = await refusal({ ...trusted(), caFile: join(directory.path, 'none.crt') })
    expect([missing.code, missing.message]).toEqual(['CONFIG_INVALID', expect.stringContaining('ENOENT')])
    expect((await refusal({ ...trusted(), credentialsFile: join(directory.path, 'none') })).code).toBe('CONFIG_INVALID')
    const url = `${secure.url('t')}?userCertFile=${credentialsFile}&userKeyFile=${credentialsFile}`
    const garbage = await refusal({ url, caFile: certificates.path })
    expect(garbage.code).toBe('CONFIG_INVALID')
    expect(inspect(garbage, { depth: 9, showHidden: true })).not.toContain('hunter2')
  })
})
