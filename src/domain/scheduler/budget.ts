import { MAX_PLAN_BYTES, MAX_PLAN_ROWS } from '../limits.ts'
import type { WantedPlace } from './reconcile-group.ts'

/**
 * The room that is left in one plan event. Once something did not fit, nothing that follows does: it waits for the next
 * part, so that no row goes ahead of one that it may rest on.
 */
export type Budget = {
  /** True where `rows` rows of together `bytes` still fit. Takes nothing. */
  readonly fits: (rows: number, bytes: number) => boolean
  /** Takes the room of what fits. */
  readonly spend: (rows: number, bytes: number) => void
  readonly hasRefused: () => boolean
}

/** Estimates of what a thing takes in the event's JSON. */
export const BYTES = {
  stop: 120,
  inPlace: 40,
  followUp: 40,
  placement: 110,
  metrics: 900,
  previous: 46,
  port: 6,
  attempt: 160,
} as const

export const bytesOfPlacement = (wanted: WantedPlace, ports: number): number =>
  BYTES.placement +
  ports * BYTES.port +
  wanted.reschedules.length * BYTES.attempt +
  (wanted.previous === null ? 0 : BYTES.previous) +
  (wanted.linkedStop === null ? 0 : BYTES.stop)

export const createBudget = (): Budget => {
  let rows = MAX_PLAN_ROWS
  let bytes = MAX_PLAN_BYTES
  let isRefused = false
  return {
    fits: (moreRows, moreBytes) => {
      isRefused ||= moreRows > rows || moreBytes > bytes
      return !isRefused
    },
    spend: (moreRows, moreBytes) => {
      rows -= moreRows
      bytes -= moreBytes
    },
    hasRefused: () => isRefused,
  }
}
