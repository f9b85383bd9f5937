import { afterEach, expect, test } from 'vitest'
import type { Metric } from '../../../../src/api/http/metrics-text.ts'
import { openApi, type TestApi } from '../../../support/api.ts'

const metrics: readonly Metric[] = [
  {
    name: 'm_info',
    help: 'A "quoted"\nhelp with \\',
    type: 'gauge',
    samples: [{ labels: { v: 'a"b\\c\n' }, value: 1 }],
  },
  {
    name: 'm_nodes',
    help: 'Nodes.',
    type: 'gauge',
    samples: [
      { labels: { status: 'down', dc: 'dc1' }, value: 0 },
      { labels: { status: 'ready', dc: 'dc1' }, value: 1.5 },
    ],
  },
  { name: 'm_total', help: 'Count.', type: 'counter', samples: [{ labels: {}, value: 12_345_678_901 }] },
  { name: 'm_none', help: 'Nothing yet.', type: 'gauge', samples: [] },
]

let api: TestApi
afterEach(() => api.close())

const get = (url: string) => {
  api = openApi({ overrides: { metrics: () => ({ at: 1_767_225_600_000, metrics }) } })
  return api.app.inject({ method: 'GET', url })
}

test('metrics come in the text form of Prometheus', async () => {
  const answer = await get('/v1/metrics?format=prometheus')
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(answer.body).toBe(`# HELP m_info A "quoted"\\nhelp with \\\\
# TYPE m_info gauge
m_info{v="a\\"b\\\\c\\n"} 1
# HELP m_nodes Nodes.
# TYPE m_nodes gauge
m_nodes{status="down",dc="dc1"} 0
m_nodes{status="ready",dc="dc1"} 1.5
# HELP m_total Count.
# TYPE m_total counter
m_total 12345678901
# HELP m_none Nothing yet.
# TYPE m_none gauge
`)
})

test('metrics come as JSON in the form of Nomad', async () => {
  const answer = await get('/v1/metrics')
  expect(answer.json()).toEqual({
    Timestamp: '2026-01-01T00:00:00.000Z',
    Gauges: [
      { Name: 'm_info', Value: 1, Labels: { v: 'a"b\\c\n' } },
      { Name: 'm_nodes', Value: 0, Labels: { status: 'down', dc: 'dc1' } },
      { Name: 'm_nodes', Value: 1.5, Labels: { status: 'ready', dc: 'dc1' } },
    ],
    Counters: [{ Name: 'm_total', Value: 12_345_678_901, Labels: {} }],
    Points: [],
    Samples: [],
  })
})

test('another format of metrics is refused', async () => {
  const answer = await get('/v1/metrics?format=xml')
  expect(answer.statusCode).toBe(400)
  expect(answer.body).toContain('REQUEST_INVALID')
})
