/** What an answer says of a server that cannot take writes now, or does not know whether what it shows is all (F2). */
import { afterEach, expect, test } from 'vitest'
import type { ApiContext, Staleness } from '../../../src/api/context.ts'
import { RETRY_AFTER_S } from '../../../src/api/graphql/limits.ts'
import { AppError } from '../../../src/platform/errors.ts'
import { openApi, type TestApi } from '../../support/api.ts'
import { writeWeb } from '../../support/web-history.ts'

let api: TestApi
afterEach(() => api.close())

const open = (overrides: Partial<ApiContext>): void => {
  api = openApi({ overrides })
}
const ask = (query: string) => api.app.inject({ method: 'POST', url: '/graphql', payload: { query } })

test('a refusal for the moment says when to come again, whatever it refuses', async () => {
  const fail = (): never => {
    throw new AppError('STORE_UNAVAILABLE', 'the event store does not answer')
  }
  open({ head: fail, health: () => ({ server: { isOk: false, message: 'no leader' }, client: null }) })
  const refused = await ask('{ agent { view { head } } }')
  expect([refused.statusCode, refused.headers['retry-after']]).toEqual([503, String(RETRY_AFTER_S)])
  const health = await api.app.inject('/v1/agent/health')
  expect([health.statusCode, health.headers['retry-after']]).toEqual([503, String(RETRY_AFTER_S)])
})

test('what is answered, or refused for good, does not', async () => {
  open({})
  for (const query of ['{ position }', '{ nothing }'])
    expect((await ask(query)).headers).not.toHaveProperty('retry-after')
  expect((await api.app.inject('/nowhere')).headers).not.toHaveProperty('retry-after')
})

test('answers go on while the log is out of reach, and say that they may be old, and for how long', async () => {
  let stale: Staleness | null = null
  api = openApi({ overrides: { staleness: () => stale }, history: writeWeb().history })
  api.settle()
  const fresh = await ask('{ jobs { nodes { id } } }')
  expect(fresh.headers).not.toHaveProperty('x-muster-stale')
  const { data, extensions } = fresh.json<{ readonly data: object; readonly extensions: object }>()
  expect(data).toMatchObject({ jobs: { nodes: [{}] } })
  expect(extensions).toEqual({ position: api.followed.model.position() })
  for (const ageMs of [20, 40]) {
    stale = { kind: 'store-lost', message: 'the event store is out of reach', ageMs }
    const old = await ask('{ jobs { nodes { id } } }')
    expect(old.statusCode).toBe(200)
    expect(old.headers['x-muster-stale']).toBe('store-lost')
    expect(old.json()).toEqual({ data, extensions: { ...extensions, stale } })
  }
})
