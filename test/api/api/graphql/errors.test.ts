import { expect, test } from 'vitest'
import { AppError } from '../../../../src/platform/errors.ts'
import type { LogFields, Logger } from '../../../../src/platform/logger.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import { openApi } from '../../../support/api.ts'
import { writeWeb } from '../../../support/web-history.ts'

test('a failure of the world keeps its code, its hint and the status of the catalogue', async () => {
  const fail = (): never => {
    throw new AppError('STORE_UNAVAILABLE', 'the event store does not answer', { hint: 'start it' })
  }
  const api = openApi({ overrides: { head: fail } })
  const answer = await api.query('{ agent { view { head } } }')
  expect(answer.status).toBe(503)
  expect(answer.data).toBeNull()
  expect(answer.errors[0]).toMatchObject({
    message: 'the event store does not answer',
    extensions: { code: 'STORE_UNAVAILABLE', hint: 'start it' },
  })
  await api.close()
})

test('a bug says nothing of itself but an id, under which it is logged', async () => {
  const lines: LogFields[] = []
  const logger: Logger = { ...silentLogger, error: fields => lines.push(fields) }
  const fail = (): never => {
    throw new Error('SQLITE_ERROR in /srv/secret/path.db token=abc')
  }
  const api = openApi({ overrides: { agent: fail, logger } })
  for (let round = 0; round < 3; round++) {
    const answer = await api.query('{ agent { version } }')
    expect(answer.status).toBe(500)
    expect(JSON.stringify(answer)).not.toContain('secret')
    expect(JSON.stringify(answer)).not.toContain('SQLITE')
    expect(answer.errors[0]?.extensions['code']).toBe('INTERNAL')
    expect(lines[round]?.['errorId']).toBe(answer.errors[0]?.extensions['errorId'])
    expect(lines[round]?.['message']).toContain('SQLITE_ERROR')
  }
  await api.close()
})

test('a misspelt field is refused without naming others', async () => {
  const api = openApi()
  const answer = await api.query('{ jobz { nodes { id } } }')
  expect(answer.status).toBe(400)
  expect(answer.errors[0]?.message).toBe('Cannot query field "jobz" on type "Query".')
  expect(answer.errors[0]?.extensions).toEqual({ code: 'REQUEST_INVALID' })
  await api.close()
})

test('variables of the wrong type are refused', async () => {
  const api = openApi()
  for (let round = 0; round < 3; round++) {
    const answer = await api.query('query ($after: Position) { position(after: $after) }', { after: 'soon' })
    expect(answer.status).toBe(400)
    expect(answer.errors[0]?.extensions['code']).toBe('REQUEST_INVALID')
  }
  await api.close()
})

test('a body that is not JSON and a path that is not there are coded too', async () => {
  const api = openApi()
  const broken = await api.app.inject({
    method: 'POST',
    url: '/graphql',
    payload: '{',
    headers: { 'content-type': 'application/json' },
  })
  expect(broken.statusCode).toBe(400)
  expect(broken.json()).toMatchObject({ errors: [{ extensions: { code: 'REQUEST_INVALID' } }] })
  const missing = await api.app.inject({ method: 'GET', url: '/nowhere?x=1' })
  expect(missing.statusCode).toBe(404)
  expect(missing.json()).toMatchObject({
    errors: [{ message: 'there is nothing at GET /nowhere', extensions: { code: 'NOT_FOUND' } }],
  })
  await api.close()
})

test('why a node does not answer is said beside what is known, and a refusal keeps its code', async () => {
  const fail = (): never => {
    throw new AppError('NODE_UNREACHABLE', 'the node does not answer')
  }
  const web = writeWeb()
  const api = openApi({
    history: web.history,
    overrides: {
      askNode: fail,
      showSpecification: () => Promise.reject(new AppError('REQUEST_REFUSED', 'not for you')),
    },
  })
  api.settle()
  const usage = await api.query(
    `{ allocation(id: "${web.allocations[0]}") { ... on Allocation { id usage { tasks { task } unknownBecause } } } }`,
  )
  expect(usage.data.allocation).toEqual({
    id: web.allocations[0],
    usage: { tasks: [], unknownBecause: expect.stringContaining('the node does not answer') },
  })
  const refused = await api.query('{ position job(id: "web") { ... on Job { specification } } }')
  expect(refused.errors[0]?.extensions['code']).toBe('REQUEST_REFUSED')
  await api.close()
})
