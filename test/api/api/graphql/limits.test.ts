import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  COST_OF_SOURCE,
  MAX_ALIASES,
  MAX_BODY_BYTES,
  MAX_COST,
  MAX_DEPTH,
  MAX_DOCUMENT_LENGTH,
  MAX_ROOT_FIELDS,
  MAX_TOKENS,
} from '../../../../src/api/graphql/limits.ts'
import { type Answer, openApi, type TestApi } from '../../../support/api.ts'
import { writeWeb } from '../../../support/web-history.ts'

let api: TestApi
beforeAll(() => {
  api = openApi({ history: writeWeb().history })
  api.settle()
})
afterAll(() => api.close())

const codeOf = (answer: Answer): unknown => answer.errors[0]?.extensions['code']

/** `job { ... evaluations { nodes { job { …` of exactly `depth` fields. */
const nested = (depth: number): string => {
  const names = ['evaluations(first: 1)', 'nodes', 'job']
  let inner = ''
  for (let level = depth - 1; level >= 1; level--) {
    const name = names[(level - 1) % names.length] ?? 'id'
    inner = level === depth - 1 ? leafOf(name) : `${name} { ${inner} }`
  }
  return `{ job(id: "web") { ... on Job { ${inner} } } }`
}

const leafOf = (name: string): string =>
  name === 'evaluations(first: 1)' || name === 'nodes' || name === 'job' ? 'id' : name

describe('a document', () => {
  test('may be as deep as the limit and no deeper', async () => {
    expect((await api.query(nested(MAX_DEPTH - 1))).errors.filter(error => error.message.includes('deep'))).toEqual([])
    expect((await api.query(nested(MAX_DEPTH))).errors.filter(error => error.message.includes('deep'))).toEqual([])
    const answer = await api.query(nested(MAX_DEPTH + 1))
    expect(answer.errors.some(error => error.message.includes(`the limit is ${MAX_DEPTH}`))).toBe(true)
    expect(answer.status).toBe(400)
  })

  test('cannot hide its depth in fragments', async () => {
    const chain = Array.from({ length: MAX_DEPTH }, (_, level) =>
      level === MAX_DEPTH - 1
        ? `fragment F${level} on Job { id }`
        : `fragment F${level} on Job { latestPlacementFailure { job { ...F${level + 1} } } }`,
    )
    const answer = await api.query(`{ job(id: "web") { ...F0 } } ${chain.join(' ')}`)
    expect(codeOf(answer)).toBe('REQUEST_INVALID')
    expect(answer.errors[0]?.message).toContain('deep')
  })

  test('may have as many aliases as the limit and no more', async () => {
    const aliased = (count: number): string =>
      `{ jobs { ${Array.from({ length: count }, (_, i) => `a${i}: position`).join(' ')} } }`
    expect((await api.query(aliased(MAX_ALIASES))).errors).toEqual([])
    const answer = await api.query(aliased(MAX_ALIASES + 1))
    expect(codeOf(answer)).toBe('REQUEST_INVALID')
    expect(answer.errors[0]?.message).toContain(`${MAX_ALIASES} aliases`)
  })

  test('may have as many root fields as the limit and no more', async () => {
    const roots = (count: number): string => `{ ${Array.from({ length: count }, () => 'position').join(' ')} }`
    expect((await api.query(roots(MAX_ROOT_FIELDS))).errors).toEqual([])
    expect((await api.query(roots(MAX_ROOT_FIELDS + 1))).errors[0]?.message).toContain('root fields')
  })

  test('may have as many tokens as the limit and no more', async () => {
    const document = (tokens: number): string => `{ search(prefix: "", kinds: [${'JOB '.repeat(tokens - 15)}]) { id } }`
    expect((await api.query(document(MAX_TOKENS))).errors).toEqual([])
    const answer = await api.query(document(MAX_TOKENS + 1))
    expect(codeOf(answer)).toBe('REQUEST_INVALID')
    expect(answer.errors[0]?.message).toContain('tokens')
  })

  test('in another form than GraphQL does not go round the limits', async () => {
    const answer = await api.query('{"kind":"Document","definitions":[]}')
    expect(codeOf(answer)).toBe('REQUEST_INVALID')
  })

  test('may be as long as the limit and no longer', async () => {
    const document = (length: number): string => `{ position }`.padEnd(length, ' ')
    expect((await api.query(document(MAX_DOCUMENT_LENGTH))).errors).toEqual([])
    expect(codeOf(await api.query(document(MAX_DOCUMENT_LENGTH + 1)))).toBe('REQUEST_TOO_LARGE')
  })

  test('may ask for as many objects as the limit and no more, sizes in variables included', async () => {
    const document =
      'query ($a: Int, $b: Int) { nodes(first: $a) { nodes { allocations(first: $b) { nodes { id } } } } }'
    // 1 + a × (1 + 1 + b): the list, and per node itself, its list and what that holds.
    expect((await api.query(document, { a: 9, b: 1_000 })).errors).toEqual([])
    const answer = await api.query(document, { a: 10, b: 1_000 })
    expect(codeOf(answer)).toBe('REQUEST_TOO_LARGE')
    expect(answer.errors[0]?.message).toContain(`the limit is ${MAX_COST}`)
    const fragment = `query { nodes(first: 10) { nodes { ...N } } } fragment N on Node { allocations(first: 1000) { nodes { id } } }`
    expect(codeOf(await api.query(fragment))).toBe('REQUEST_TOO_LARGE')
  })

  test('may ask for few job files, however many versions there are', async () => {
    const document = 'query ($n: Int) { job(id: "web") { ... on Job { versions(first: $n) { source { filename } } } } }'
    const most = Math.floor((MAX_COST - 1) / (COST_OF_SOURCE + 1))
    expect((await api.query(document, { n: most })).errors).toEqual([])
    expect(codeOf(await api.query(document, { n: most + 1 }))).toBe('REQUEST_TOO_LARGE')
    expect(codeOf(await api.query(document))).toBe('REQUEST_TOO_LARGE')
  })

  test('whose fragments fan out is counted without being unrolled', async () => {
    const levels = 40
    const chain = Array.from({ length: levels }, (_, level) =>
      level === levels - 1
        ? `fragment F${level} on Job { groups { name } }`
        : `fragment F${level} on Job { ...F${level + 1} ...F${level + 1} }`,
    )
    const answer = await api.query(`{ job(id: "web") { ...F0 } } ${chain.join(' ')}`)
    expect(codeOf(answer)).toBe('REQUEST_TOO_LARGE')
  })
})

test('a body may be as large as the limit and no larger', async () => {
  const send = (bytes: number) => {
    const frame = JSON.stringify({ query: '{ position }', variables: { filler: '' } })
    const payload = JSON.stringify({ query: '{ position }', variables: { filler: 'x'.repeat(bytes - frame.length) } })
    return api.app.inject({ method: 'POST', url: '/graphql', payload, headers: { 'content-type': 'application/json' } })
  }
  expect((await send(MAX_BODY_BYTES)).statusCode).toBe(200)
  const refused = await send(MAX_BODY_BYTES + 1)
  expect(refused.statusCode).toBe(413)
  expect(refused.json()).toMatchObject({ errors: [{ extensions: { code: 'REQUEST_TOO_LARGE' } }] })
})

test('several documents in one body are refused', async () => {
  const response = await api.app.inject({ method: 'POST', url: '/graphql', payload: [{ query: '{ position }' }] })
  expect(response.statusCode).toBe(400)
})

test('queries come with POST only', async () => {
  const response = await api.app.inject({ method: 'GET', url: '/graphql?query={position}' })
  expect(response.statusCode).toBe(404)
})

test('a subscription is not run as a query', async () => {
  const answer = await api.query('subscription { jobs { position } }')
  expect(codeOf(answer)).toBe('REQUEST_INVALID')
})
