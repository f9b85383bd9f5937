import { expect } from 'vitest'
import type { EventStore } from '../../src/eventstore/port.ts'
import { compareRebuilt } from './rebuilt.ts'

/** I1: the views of a stopped agent's data directory, and views built from its log from zero, hold the same rows. */
export const expectSameRebuilt = async (dataDir: string, open?: () => Promise<EventStore>): Promise<number> => {
  const { count, kept, fresh } = await compareRebuilt(dataDir, open)
  expect(kept).toEqual(fresh)
  return count
}
