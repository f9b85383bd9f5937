import { expect } from 'vitest'
import { compareRebuilt } from './rebuilt.ts'

/** I1: the views of a stopped agent's data directory, and views built from its log from zero, hold the same rows. */
export const expectSameRebuilt = async (dataDir: string): Promise<number> => {
  const { count, kept, fresh } = await compareRebuilt(dataDir)
  expect(kept).toEqual(fresh)
  return count
}
