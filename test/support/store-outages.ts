import { realEventStoreDb, withOwnPrefix } from './eventstore-places.ts'
import { startFake } from './eventstoredb/fake.ts'
import { openTcpDoor } from './tcp-door.ts'

/** An EventStoreDB that goes away and comes back when a test says so. */
export type FailingEventStore = {
  /** A cluster's place of its own on it. */
  readonly url: string
  readonly goDown: () => Promise<void>
  readonly comeBack: () => Promise<void>
  /** Where subscriptions of this run began, in order; only the fake tells. */
  readonly subscribedAfter: () => readonly number[]
}

/** Our fake: its connections are cut, and it forgets what a restart of the real one forgets. */
export const failingFake = async (): Promise<FailingEventStore> => {
  const fake = await startFake()
  const subscribedAfter: number[] = []
  fake.faults.subscribe = after => {
    subscribedAfter.push(after)
    return undefined
  }
  return {
    url: withOwnPrefix(fake.url('')),
    goDown: async () => {
      fake.stop()
      fake.log.forgetIds()
    },
    comeBack: fake.start,
    subscribedAfter: () => subscribedAfter,
  }
}

/** A real one, which no test may end: a door before it is shut. */
export const failingReal = async (): Promise<FailingEventStore> => {
  const [, host = '', port = ''] = /^esdb:\/\/([^:/]+):(\d+)/.exec(realEventStoreDb ?? '') ?? []
  if (host === '') throw new Error('MUSTER_TEST_EVENTSTORE_URL names no single host')
  const door = await openTcpDoor({ host, port: Number(port) })
  return {
    url: withOwnPrefix((realEventStoreDb ?? '').replace(`${host}:${port}`, `127.0.0.1:${door.port}`)),
    goDown: door.shut,
    comeBack: door.open,
    subscribedAfter: () => [],
  }
}

/** Every kind that there is here, by name. */
export const failingStores: readonly (readonly [string, () => Promise<FailingEventStore>])[] = [
  ['the fake', failingFake],
  ...(realEventStoreDb === undefined ? [] : [['a real one', failingReal] as const]),
]
