import { type CommandContext, defineCommand } from '../command.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { chooseTask, findTarget, ofJobFlags, taskFlag } from '../find-allocation.ts'
import { wholeIdsFlag } from '../output-flags.ts'
import { usageError } from '../refusal.ts'
import { tailFlags, tailOf } from '../tail-flags.ts'
import { copyStream } from '../tail-stream.ts'

type StreamName = 'stdout' | 'stderr'

type LogsFlags = {
  readonly stdout: boolean
  readonly stderr: boolean
  readonly f: boolean
}

/** `-f` alone follows both streams; otherwise what was named, stdout by default. */
const streamsOf = ({ stdout, stderr, f }: LogsFlags): readonly StreamName[] => {
  if (stdout && stderr) return ['stdout', 'stderr']
  if (stderr) return ['stderr']
  return f && !stdout ? ['stdout', 'stderr'] : ['stdout']
}

const pathOf = (id: string, task: string, type: StreamName) => (parameters: URLSearchParams) => {
  parameters.set('task', task)
  parameters.set('type', type)
  return `/v1/allocation/${id}/logs?${parameters.toString()}`
}

const copyLogs = async (
  context: CommandContext,
  target: { readonly id: string; readonly task: string },
  flags: LogsFlags & Parameters<typeof tailOf>[0],
): Promise<void> => {
  const tail = tailOf(flags)
  const signal = context.io.interruption()
  await Promise.all(
    streamsOf(flags).map(type =>
      copyStream(context, pathOf(target.id, target.task, type), { tail, follows: flags.f, signal }),
    ),
  )
}

export const command = defineCommand({
  usage: 'muster alloc logs [options] <allocation> [task]',
  description: `Prints what a task wrote. Without -f or -tail all that is kept; -f goes on with what comes until Ctrl-C,
both streams unless one is named.`,
  flags: [
    { name: 'stdout', type: 'boolean', usage: 'Standard output.' },
    { name: 'stderr', type: 'boolean', usage: 'Standard error.' },
    ...tailFlags,
    taskFlag,
    ...ofJobFlags,
    wholeIdsFlag,
  ],
  takes: { min: 0, max: 2 },
  run: async (context, { flags, positionals }) => {
    const { allocation, rest } = await findTarget(context, flags, positionals)
    const [named = ''] = rest
    if (named !== '' && flags.task !== '' && named !== flags.task) throw usageError('two different tasks are named')
    const task = chooseTask(allocation, named === '' ? flags.task : named)
    await copyLogs(context, { id: allocation.id, task }, flags)
    return EXIT_OK
  },
})
