import type { StopReason } from './events.ts'

/** What an allocation's desired description says about its stop, for people. */
const stopTexts: Readonly<Record<StopReason, string>> = {
  'job-stopped': 'not needed: the job was stopped',
  'group-removed': 'not needed: the job has no such group any more',
  'count-lowered': "not needed: the group's count was lowered",
  updated: 'replaced by an allocation of a newer job version',
  requested: 'stopped because a user asked for it',
  rescheduled: 'rescheduled because it failed',
  'node-down': 'lost: its node is down',
  'node-gone': 'lost: its node is gone',
  'older-incarnation': 'not needed: the job was purged and registered anew',
}

export const describeStop = (reason: StopReason): string => stopTexts[reason]
