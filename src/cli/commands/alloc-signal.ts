import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { chooseTask, findAllocation, taskFlag } from '../find-allocation.ts'
import { wholeIdsFlag } from '../output-flags.ts'

type Requested = { readonly __typename: 'TaskRequested'; readonly position: number; readonly requestId: string }

export const signalAllocationDocument = document<
  { readonly signalAllocation: Requested | Rejection },
  { readonly input: { readonly allocationId: string; readonly task: string | null; readonly signal: string } }
>(`mutation SignalAllocation($input: SignalAllocationInput!) {
  signalAllocation(input: $input) {
    __typename
    ... on TaskRequested { position requestId }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster alloc signal [options] <allocation> [task]',
  description: 'Sends a signal to the tasks of an allocation that run, or to one of them.',
  flags: [
    {
      name: 's',
      type: 'string',
      default: 'SIGKILL',
      placeholder: '<signal>',
      usage: 'The signal, SIGKILL if not given.',
    },
    taskFlag,
    wholeIdsFlag,
  ],
  takes: { min: 1, max: 2 },
  run: async (context, { flags, positionals }) => {
    const allocation = await findAllocation(context, positionals[0] ?? '')
    const named = positionals[1] ?? flags.task
    const task = named === '' ? null : chooseTask(allocation, named)
    const input = { allocationId: allocation.id, task, signal: flags.s }
    granted((await context.api.query(signalAllocationDocument, { input })).signalAllocation)
    return EXIT_OK
  },
})
