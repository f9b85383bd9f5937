import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf } from '../../platform/errors.ts'
import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'
import { findTemplate } from '../find-job.ts'
import { inertFlag } from '../inert-flags.ts'
import { followEvaluation } from '../monitor/follow.ts'
import { waitForJob } from '../monitor/wait-for-job.ts'
import { verboseFlag } from '../output-flags.ts'
import { printLines } from '../print.ts'
import { Refusal, usageError } from '../refusal.ts'
import { renderKeyValues } from '../render/columns.ts'
import { shortId } from '../render/short-id.ts'

/** Nomad's limit, which the server enforces; more is not even read. */
const MAX_PAYLOAD_BYTES = 16_384

type Dispatched = {
  readonly __typename: 'JobDispatch'
  readonly position: number
  readonly dispatchedJobId: string
  readonly evaluationId: string | null
}

export const dispatchJobDocument = document<
  { readonly dispatchJob: Dispatched | Rejection },
  {
    readonly input: {
      readonly namespace: string
      readonly jobId: string
      readonly meta: readonly { readonly name: string; readonly value: string }[]
      readonly payload: string | null
      readonly idempotencyToken: string | null
      readonly idPrefix: string | null
      readonly priority: number | null
    }
  }
>(`mutation DispatchJob($input: DispatchJobInput!) {
  dispatchJob(input: $input) {
    __typename
    ... on JobDispatch { position dispatchedJobId evaluationId }
    ${rejectionFields}
  }
}`)

/** The payload in base64; null when none is given. */
const readPayload = async (context: CommandContext, path: string | undefined): Promise<string | null> => {
  if (path === undefined) return null
  if (path === '-') return Buffer.from(await context.io.readStdin(MAX_PAYLOAD_BYTES)).toString('base64')
  try {
    const bytes = await readFile(resolve(context.io.cwd, path))
    if (bytes.byteLength <= MAX_PAYLOAD_BYTES) return bytes.toString('base64')
  } catch (error) {
    throw new Refusal({ code: 'FILE_UNREADABLE', message: `reading the payload ${path} failed: ${messageOf(error)}` })
  }
  throw new Refusal({
    code: 'REQUEST_TOO_LARGE',
    message: `the payload ${path} holds more than the ${MAX_PAYLOAD_BYTES} bytes that a dispatch may carry`,
  })
}

const orNull = (text: string): string | null => (text === '' ? null : text)

export const command = defineCommand({
  usage: 'muster job dispatch [options] <parameterized job> [payload]',
  description: `Launches a child of a parameterized job and follows its evaluation. The payload is a file, "-" standard input.

With -wait, exit code 2 when an allocation of the child failed, 1 when the child did not finish in time.`,
  flags: [
    { name: 'meta', type: 'list', placeholder: '<key>=<value>', usage: 'Meta for the child. May be given many times.' },
    { name: 'detach', type: 'boolean', usage: 'Do not follow the evaluation.' },
    { name: 'wait', type: 'boolean', usage: 'Wait until the child has finished, five minutes at the most.' },
    {
      name: 'idempotency-token',
      type: 'string',
      placeholder: '<token>',
      usage: 'With a token that was used before, nothing is launched and the child of that time is answered.',
    },
    { name: 'id-prefix-template', type: 'string', placeholder: '<text>', usage: "Goes into the child's id." },
    { name: 'priority', type: 'int', placeholder: '<1-100>', usage: "The child's priority." },
    verboseFlag,
    inertFlag('ui'),
  ],
  takes: { min: 1, max: 2 },
  run: async (context, { flags, given, positionals }) => {
    const [typed = '', payloadPath] = positionals
    const meta = flags.meta.map(text => {
      const equals = text.indexOf('=')
      if (equals < 1) throw usageError(`-meta ${JSON.stringify(text)} is not key=value`, 'write -meta key=value')
      return { name: text.slice(0, equals), value: text.slice(equals + 1) }
    })
    const payload = await readPayload(context, payloadPath)
    const job = await findTemplate(context, typed, 'dispatch')
    const input = {
      namespace: job.namespace,
      jobId: job.id,
      meta,
      payload,
      idempotencyToken: orNull(flags['idempotency-token']),
      idPrefix: orNull(flags['id-prefix-template']),
      priority: given.has('priority') ? flags.priority : null,
    }
    const { dispatchedJobId, evaluationId, position } = granted(
      (await context.api.query(dispatchJobDocument, { input })).dispatchJob,
    )
    await printLines(
      context,
      renderKeyValues([
        ['Dispatched Job ID', dispatchedJobId],
        ...(evaluationId === null ? [] : [['Evaluation ID', shortId(evaluationId, flags.verbose)] as const]),
      ]),
    )
    if (evaluationId === null || flags.detach) return EXIT_OK
    await printLines(context, [''])
    const code = await followEvaluation(context, evaluationId, { isVerbose: flags.verbose, after: position })
    return flags.wait && code === EXIT_OK
      ? waitForJob(context, { namespace: job.namespace, id: dispatchedJobId })
      : code
  },
})
