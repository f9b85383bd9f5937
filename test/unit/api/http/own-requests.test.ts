import { expect, test } from 'vitest'
import { isOfNoPage, refusalOf } from '../../../../src/api/http/own-requests.ts'

const hosts = ['muster.example', '10.0.0.5']

test.each([
  [{ host: '127.0.0.1:4646' }],
  [{ host: 'localhost:4646' }],
  [{ host: 'LOCALHOST' }],
  [{ host: '[::1]:4646' }],
  [{ host: '127.1.2.3:4646' }],
  [{ host: 'muster.example:4646' }],
  [{ host: '10.0.0.5:4646' }],
  [{ host: 'localhost:4646', origin: 'http://localhost:4646' }],
  [{ host: 'localhost:4646', origin: 'http://localhost:4646', 'sec-fetch-site': 'same-origin' }],
  [{ host: 'localhost:4646', 'sec-fetch-site': 'none' }],
])('takes %o as its own', headers => {
  expect(refusalOf(headers, hosts)).toBeNull()
})

test.each([
  [{}],
  [{ host: '' }],
  [{ host: 'evil.example' }],
  [{ host: 'localhost.evil.example:4646' }],
  [{ host: '127.0.0.1.evil.example' }],
  [{ host: 'evil.example#localhost' }],
  [{ host: 'evil@localhost' }],
  [{ host: '192.168.0.1:4646' }],
  [{ host: '[::2]:4646' }],
  [{ host: 'localhost:4646', origin: 'http://evil.example' }],
  [{ host: 'localhost:4646', origin: 'http://localhost:8080' }],
  [{ host: 'localhost:4646', origin: 'null' }],
  [{ host: 'localhost:4646', origin: 'http://localhost:4646.evil.example' }],
  [{ host: 'localhost:4646', origin: 'http://localhost:4646', 'sec-fetch-site': 'cross-site' }],
  [{ host: 'localhost:4646', 'sec-fetch-site': 'same-site' }],
])('refuses %o', headers => {
  expect(refusalOf(headers, hosts)).not.toBeNull()
})

test('a WebSocket that names neither an origin nor a site was opened by no page', () => {
  expect(isOfNoPage({ host: 'any.example' })).toBe(true)
  expect(isOfNoPage({ host: 'any.example', origin: 'http://any.example' })).toBe(false)
  expect(isOfNoPage({ host: 'any.example', 'sec-fetch-site': 'same-origin' })).toBe(false)
})
