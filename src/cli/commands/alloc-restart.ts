import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { chooseTask, findAllocation, taskFlag } from '../find-allocation.ts'
import { wholeIdsFlag } from '../output-flags.ts'

type Requested = { readonly __typename: 'TaskRequested'; readonly position: number; readonly requestId: string }

export const restartAllocationDocument = document<
  { readonly restartAllocation: Requested | Rejection },
  { readonly input: { readonly allocationId: string; readonly task: string | null } }
>(`mutation RestartAllocation($input: RestartAllocationInput!) {
  restartAllocation(input: $input) {
    __typename
    ... on TaskRequested { position requestId }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster alloc restart [options] <allocation> [task]',
  description:
    'Restarts the tasks of an allocation that run, or one of them, in place. Prints nothing when that was asked for.',
  flags: [taskFlag, { name: 'all-tasks', type: 'boolean', usage: 'All tasks, as without this flag.' }, wholeIdsFlag],
  takes: { min: 1, max: 2 },
  run: async (context, { flags, positionals }) => {
    const allocation = await findAllocation(context, positionals[0] ?? '')
    const named = positionals[1] ?? flags.task
    const task = named === '' ? null : chooseTask(allocation, named)
    const input = { allocationId: allocation.id, task }
    granted((await context.api.query(restartAllocationDocument, { input })).restartAllocation)
    return EXIT_OK
  },
})
