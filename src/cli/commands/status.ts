import type { Candidate, ObjectKind } from '../answers.ts'
import { type CommandContext, defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { inertFlag } from '../inert-flags.ts'
import { outputFlags, verboseFlag } from '../output-flags.ts'
import { Refusal } from '../refusal.ts'
import { showAllocation } from './alloc-status.ts'
import { showDeployment } from './deployment-status.ts'
import { showEvaluation } from './eval-status.ts'
import { command as jobStatus, showJob } from './job-status.ts'
import { showNode } from './node-status.ts'

export const searchDocument = document<
  { readonly search: readonly Candidate[] },
  { readonly prefix: string; readonly namespace: string }
>(`query Search($prefix: String!, $namespace: String) {
  search(prefix: $prefix, namespace: $namespace) { kind id namespace name }
}`)

type Flags = { readonly verbose: boolean; readonly json: boolean; readonly t: string }

const show = (context: CommandContext, { kind, id }: Candidate, flags: Flags): Promise<number> => {
  const all = { ...flags, short: false, evals: false, 'all-allocs': false, stats: false }
  switch (kind) {
    case 'JOB':
      return showJob(context, id, all)
    case 'ALLOCATION':
      return showAllocation(context, id, all)
    case 'EVALUATION':
      return showEvaluation(context, id, all)
    case 'DEPLOYMENT':
      return showDeployment(context, id, all)
    case 'NODE':
      return showNode(context, id, all)
  }
}

const titles: Readonly<Record<ObjectKind, string>> = {
  JOB: 'Jobs',
  ALLOCATION: 'Allocations',
  EVALUATION: 'Evaluations',
  DEPLOYMENT: 'Deployments',
  NODE: 'Nodes',
}

/** The one thing that is meant: the only match, or the one whose whole id was written. */
const choose = (candidates: readonly Candidate[], prefix: string): Candidate => {
  const whole = candidates.filter(({ id }) => id === prefix)
  const meant = whole.length === 1 ? whole : candidates
  const [only] = meant
  if (only === undefined) {
    throw new Refusal({
      code: 'NOT_FOUND',
      message: `Unable to resolve ID: ${prefix}`,
      hint: 'nothing has an id that begins so',
    })
  }
  if (meant.length === 1) return only
  const list = Object.entries(titles)
    .map(([kind, title]) => ({ title, ids: candidates.filter(each => each.kind === kind).map(({ id }) => `  ${id}`) }))
    .filter(({ ids }) => ids.length > 0)
    .map(({ title, ids }) => `${title}\n${ids.join('\n')}`)
  throw new Refusal({
    code: 'AMBIGUOUS_PREFIX',
    message: `Multiple matches found for id "${prefix}"\n\n${list.join('\n\n')}`,
    hint: 'write more of the id',
  })
}

export const command = defineCommand({
  usage: 'muster status [options] [id]',
  description:
    'Shows whatever an id or the beginning of one stands for: a job, allocation, node, evaluation or deployment. Without one, lists jobs.',
  flags: [verboseFlag, ...outputFlags, inertFlag('ui')],
  takes: { min: 0, max: 1 },
  run: async (context, input) => {
    const [prefix] = input.positionals
    const { flags } = input
    if (prefix === undefined) {
      const all = { ...flags, short: false, evals: false, 'all-allocs': false }
      return jobStatus.run(context, { ...input, flags: all })
    }
    const { namespace } = context.settings
    const candidates = (await context.api.query(searchDocument, { prefix, namespace })).search
    return show(context, choose(candidates, prefix), flags)
  },
})
