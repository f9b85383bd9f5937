import { describe, expect, test } from 'vitest'
import { createNames } from '../../../src/eventstore/eventstoredb/messages.ts'
import { type EventStoreDbOptions, settingsOf } from '../../../src/eventstore/eventstoredb/options.ts'
import { AppError } from '../../../src/platform/errors.ts'

const read = (url: string, more: Partial<EventStoreDbOptions> = {}) => settingsOf({ url, ...more })

const refusal = (url: string, more: Partial<EventStoreDbOptions> = {}): AppError => {
  try {
    read(url, more)
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error(`${url} was taken`)
}

describe('the address of an EventStoreDB', () => {
  test('names host, port and prefix, with what is usual for what it leaves out', () => {
    expect(read('esdb://db.example')).toEqual({
      endpoints: [{ host: 'db.example', port: 2113 }],
      discovers: false,
      tls: { verifies: true, ca: null, identity: null },
      credentials: null,
      prefix: 'muster',
    })
    expect(read('esdb://db.example:1234/prod_2?tls=false')).toMatchObject({
      endpoints: [{ host: 'db.example', port: 1234 }],
      tls: null,
      prefix: 'prod_2',
    })
    expect(read('kurrentdb://[::1]:1/?TLS=false')).toMatchObject({
      endpoints: [{ host: '[::1]', port: 1 }],
      prefix: 'muster',
    })
  })

  test('with several hosts, or by its scheme, is that of a cluster', () => {
    expect(read('esdb://a,b:2,c')).toMatchObject({
      discovers: true,
      endpoints: [
        { host: 'a', port: 2113 },
        { host: 'b', port: 2 },
        { host: 'c', port: 2113 },
      ],
    })
    expect(read('esdb+discover://a')).toMatchObject({ discovers: true })
  })

  test('may hold credentials, percent-encoded', () => {
    expect(read('esdb://admin:ch%40nge%3Ait@a').credentials).toEqual({ username: 'admin', password: 'ch@nge:it' })
  })

  test('gives way to what is said beside it', () => {
    expect(read('esdb://a/one', { prefix: 'two' }).prefix).toBe('two')
  })

  test('is refused if it cannot be, without being repeated', () => {
    const urls = [
      '',
      'db.example:2113',
      'http://db.example',
      'esdb://',
      'esdb://a:0',
      'esdb://a:65536',
      'esdb://a:b',
      'esdb://a,',
      'esdb://secret@a',
      'esdb://secret:%zz@a',
      'esdb://a/with-dash',
      'esdb://a/two/parts',
      `esdb://a/${'x'.repeat(65)}`,
      'esdb://a?tls=maybe',
      'esdb://a?keepAliveInterval=1',
      'esdb://a?userCertFile=only-one',
      'esdb://a?tls=false&tlsCAFile=unused',
      `esdb://${Array.from({ length: 33 }, (_, index) => `h${index}`).join(',')}`,
    ]
    for (const url of urls) {
      const error = refusal(url)
      expect(error.code, url).toBe('CONFIG_INVALID')
      expect(error.hint, url).toBeTruthy()
      expect(`${error.message} ${error.hint}`, url).not.toContain('secret')
    }
    expect(read(`esdb://a/${'x'.repeat(64)}`).prefix).toHaveLength(64)
    expect(read(`esdb://${Array.from({ length: 32 }, (_, index) => `h${index}`).join(',')}`).endpoints).toHaveLength(32)
  })
})

describe('the names of streams on the server', () => {
  const names = createNames('prod')

  test('stand under the prefix, and no prefix is the beginning of another', () => {
    expect(names.onServer('job-default/web')).toBe('prod.job-default/web')
    expect(names.ours('prod.job-default/web')).toBe('job-default/web')
    expect([names.ours('prod2.job-a'), names.ours('job-a'), names.ours('$$prod.job-a')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  test('of categories pass as a whole', () => {
    const filter = names.filterOf({ categories: ['job', 'a.c'] })
    const pattern = new RegExp('regex' in filter ? filter.regex : 'never', 'u')
    const passing = ['prod.job', 'prod.job-a', 'prod.job-a-b', 'prod.a.c-1']
    for (const name of passing) expect(pattern.test(name), name).toBe(true)
    const others = ['prod.jobs', 'prod.jobber-x', 'prod.node-job', 'prod.abc-1', 'x.prod.job', 'prod2.job', 'job-a']
    for (const name of others) expect(pattern.test(name), name).toBe(false)
    expect(names.filterOf('all')).toEqual({ prefix: 'prod.' })
    expect(names.filterOf({ categories: [] })).toEqual({ prefix: 'prod-' })
  })
})
