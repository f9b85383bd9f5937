import { expect, it } from 'vitest'
import type { Metric } from '../../../src/api/http/metrics-text.ts'
import { clientMetrics, processMetrics, serverMetrics } from '../../../src/main/metrics.ts'
import { buildAllocation, buildJob, buildJobState, buildNode, buildState } from '../../support/builders.ts'
import { readText } from '../../support/source-tree.ts'

const appends = { appended: 3, conflicts: 2, failures: 1, seconds: 0.25 }
const job = buildJobState(buildJob({ id: 'web' }))
const nodes = [buildNode('n1'), buildNode('n2', { status: 'down' }), buildNode('n3')]
const [node = buildNode('n1')] = nodes
const allocations = [
  buildAllocation(job, node, { index: 0, observed: 'running' }),
  buildAllocation(job, node, { index: 1, observed: 'running', judgement: 'lost' }),
]
const state = { ...buildState({ nodes, jobs: [job], allocations }), position: 12 }
const figures = { state, viewPosition: 10, isLeader: true, appends }

const valuesOf = (metrics: readonly Metric[], name: string): unknown =>
  metrics
    .find(metric => metric.name === name)
    ?.samples.map(({ labels, value }) => [...Object.values(labels), value].join(' '))

it('a server tells of its cluster by status, of how far it has read, and of its appends', () => {
  const metrics = serverMetrics(figures)
  expect(valuesOf(metrics, 'muster_nodes')).toEqual(['down 1', 'ready 2'])
  expect(valuesOf(metrics, 'muster_allocations')).toEqual(['lost 1', 'running 1'])
  expect(valuesOf(metrics, 'muster_jobs')).toEqual(['registered 1'])
  expect(valuesOf(metrics, 'muster_evaluations')).toEqual([])
  expect(['muster_log_position', 'muster_view_lag', 'muster_leader'].map(name => valuesOf(metrics, name))).toEqual([
    ['12'],
    ['2'],
    ['1'],
  ])
  const names = ['muster_appends_total', 'muster_append_conflicts_total', 'muster_append_failures_total']
  expect(names.map(name => valuesOf(metrics, name))).toEqual([['3'], ['2'], ['1']])
  expect(valuesOf(metrics, 'muster_append_seconds_total')).toEqual(['0.25'])
  expect(valuesOf(serverMetrics({ ...figures, viewPosition: 20 }), 'muster_view_lag')).toEqual(['0'])
})

it('a process tells of its memory and time, a client of its link', () => {
  const [memory] = (valuesOf(processMetrics(), 'process_resident_memory_bytes') as string[]).map(Number)
  expect(memory).toBeGreaterThan(1_000_000)
  expect([true, false].map(is => valuesOf(clientMetrics(is), 'muster_client_connected'))).toEqual([['1'], ['0']])
})

it('every metric is explained, and no other', () => {
  const [, section = ''] = readText('docs/operating.md').split('## Metrics\n')
  const [table = ''] = section.split('\n## ')
  const rows = table.split('\n').filter(line => line.startsWith('| `'))
  const told = rows.flatMap(row => Array.from((row.split('|')[1] ?? '').matchAll(/`(\w+)`/g), ([, name = '']) => name))
  const made = [...processMetrics(), ...serverMetrics(figures), ...clientMetrics(true)].map(({ name }) => name)
  expect(told.toSorted()).toEqual(made.toSorted())
  expect(new Set(made).size).toBe(made.length)
})
