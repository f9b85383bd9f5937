import { DEFAULT_TICKS } from './simulate.ts'

/** Runs that once found something. The simulator moves on and seeds with it, so each names what it was, too. */
export type Regression = { readonly seed: number; readonly ticks: number; readonly found: string }

export const regressions: readonly Regression[] = [
  { seed: 1, ticks: 240, found: 'a command that was sent again wrote its event a second time' },
  { seed: 2, ticks: 240, found: 'a start that the driver never answered left a task running beside the next one' },
  { seed: 10, ticks: 240, found: 'an allocation was over while its poststop task was still to run' },
  { seed: 101, ticks: 240, found: 'an agent that took its tasks along went on starting new ones' },
  { seed: 12, ticks: 240, found: 'what replaced a replacement that never began did not wait for the first one' },
  { seed: 26, ticks: DEFAULT_TICKS, found: 'twelve servers, three of them dead in the middle of an append' },
  { seed: 3, ticks: DEFAULT_TICKS, found: 'an evaluation that a user forced was cancelled in favour of a newer one' },
  { seed: 20, ticks: DEFAULT_TICKS, found: 'the leader span over the deadline of a deployment that no plan had ended' },
  {
    seed: 23,
    ticks: DEFAULT_TICKS,
    found: 'a service that an agent took along and that was collected never came back',
  },
]
