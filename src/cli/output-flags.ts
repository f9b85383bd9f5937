import type { FlagSpec } from '../lang/goflags/index.ts'

/** Flags of commands that read. */
export const outputFlags = [
  { name: 'json', type: 'boolean', usage: 'Print what the API answers as JSON.' },
  {
    name: 't',
    type: 'string',
    placeholder: '<template>',
    usage: "Print what the API answers through a template in Go's template language.",
  },
] as const satisfies readonly FlagSpec[]

export const verboseFlag = {
  name: 'verbose',
  type: 'boolean',
  usage: 'Print whole ids, exact times and more columns.',
} as const satisfies FlagSpec

/** For commands whose messages name whole ids in any case: Nomad's scripts give it. */
export const wholeIdsFlag = {
  name: 'verbose',
  type: 'boolean',
  usage: 'Whole ids in messages, as they are without it.',
} as const satisfies FlagSpec
