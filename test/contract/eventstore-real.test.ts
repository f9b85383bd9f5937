/**
 * The same contract against a real EventStoreDB, under prefixes of its own: set MUSTER_TEST_EVENTSTORE_URL to its address,
 * `esdb://127.0.0.1:2113?tls=false`. scripts/test.mjs says so when there was none.
 */
import { describe, expect, test } from 'vitest'
import { eventStores } from '../../src/eventstore/registry.ts'
import { newPlaceOnRealServer, realEventStoreDb, withOwnPrefix } from '../support/eventstore-places.ts'
import { durableStoreContract, eventStoreContract, sharedStoreContract } from './eventstore.contract.ts'

if (realEventStoreDb !== undefined) {
  const subject = { newPlace: newPlaceOnRealServer, open: eventStores.eventstoredb.open }
  describe('a real server', () => {
    eventStoreContract('eventstoredb', subject)
    durableStoreContract('eventstoredb', subject)
    sharedStoreContract('eventstoredb', subject)
  })
}

describe('the address of a real EventStoreDB', () => {
  test('is given a prefix of its own for each test, whatever stands behind it', () => {
    const places = [
      'esdb://127.0.0.1:2113?tls=false',
      'esdb://127.0.0.1:2113/?tls=false',
      'esdb+discover://admin:secret@a,b',
    ].map(withOwnPrefix)
    expect(places[0]).toMatch(/^esdb:\/\/127\.0\.0\.1:2113\/t[0-9a-f]{32}\?tls=false$/)
    expect(places[1]).toMatch(/^esdb:\/\/127\.0\.0\.1:2113\/t[0-9a-f]{32}\?tls=false$/)
    expect(places[2]).toMatch(/^esdb\+discover:\/\/admin:secret@a,b\/t[0-9a-f]{32}$/)
  })
})
