import { expect, it } from 'vitest'
import { applyEvent, emptyCluster, noChanges } from '../../../../src/domain/cluster/index.ts'
import { MAX_RECENT_REQUESTS } from '../../../../src/domain/limits.ts'
import { configStream } from '../../../../src/domain/streams.ts'
import { createHistory } from '../../../support/history.ts'

it('requests are remembered up to the limit, and then the oldest is forgotten', () => {
  const history = createHistory()
  const state = emptyCluster()
  const request = (requestId: string): string => {
    const event = history.record(configStream('cluster'), { type: 'CollectionRequested', data: { requestId } })
    applyEvent(state, event, noChanges())
    return event.id
  }
  const first = request('0')
  for (let index = 1; index < MAX_RECENT_REQUESTS - 1; index++) request(String(index))
  expect(state.recentRequests.size).toBe(MAX_RECENT_REQUESTS - 1)
  request('at the limit')
  expect(state.recentRequests.size).toBe(MAX_RECENT_REQUESTS)
  expect(state.recentRequests.has(first)).toBe(true)
  const newest = request('above it')
  expect(state.recentRequests.size).toBe(MAX_RECENT_REQUESTS)
  expect(state.recentRequests.has(first)).toBe(false)
  expect(state.recentRequests.has(newest)).toBe(true)
})
