import type { Command } from './command.ts'

type CommandModule = { readonly command: Command }

/** A verb in the table: what help lists, and where the rest of it is, loaded when it is called. */
export type Entry = {
  /** The words that call it: `job run`. */
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<CommandModule>
  /** Shorter ways to call it. */
  readonly aliases?: readonly string[]
}

/** Every verb, in the order of help. */
export const registry: readonly Entry[] = [
  {
    name: 'agent',
    summary: 'Run an agent: server, API and client',
    load: () => import('./commands/agent.ts'),
  },
  {
    name: 'agent validate',
    summary: "Check files of an agent's configuration",
    load: () => import('./commands/agent-validate.ts'),
  },
  {
    name: 'alloc fs',
    summary: "Look into an allocation's files",
    load: () => import('./commands/alloc-fs.ts'),
    aliases: ['fs'],
  },
  {
    name: 'alloc logs',
    summary: 'Print what a task wrote',
    load: () => import('./commands/alloc-logs.ts'),
    aliases: ['logs'],
  },
  {
    name: 'alloc restart',
    summary: 'Restart tasks of an allocation in place',
    load: () => import('./commands/alloc-restart.ts'),
  },
  {
    name: 'alloc signal',
    summary: 'Send a signal to tasks of an allocation',
    load: () => import('./commands/alloc-signal.ts'),
  },
  {
    name: 'alloc status',
    summary: 'Show an allocation and its tasks',
    load: () => import('./commands/alloc-status.ts'),
    aliases: ['alloc-status'],
  },
  {
    name: 'alloc stop',
    summary: 'Stop an allocation and have it replaced',
    load: () => import('./commands/alloc-stop.ts'),
  },
  {
    name: 'config validate',
    summary: "The same as agent validate, under Nomad's name",
    load: () => import('./commands/config-validate.ts'),
  },
  {
    name: 'deployment list',
    summary: 'List deployments',
    load: () => import('./commands/deployment-list.ts'),
  },
  {
    name: 'deployment status',
    summary: 'Show a deployment',
    load: () => import('./commands/deployment-status.ts'),
  },
  {
    name: 'eval list',
    summary: 'List evaluations',
    load: () => import('./commands/eval-list.ts'),
  },
  {
    name: 'eval status',
    summary: 'Show an evaluation, or follow it',
    load: () => import('./commands/eval-status.ts'),
    aliases: ['eval-status'],
  },
  {
    name: 'job allocs',
    summary: 'List the allocations of a job',
    load: () => import('./commands/job-allocs.ts'),
  },
  {
    name: 'job deployments',
    summary: 'List the deployments of a job',
    load: () => import('./commands/job-deployments.ts'),
  },
  {
    name: 'job dispatch',
    summary: 'Launch a parameterized job',
    load: () => import('./commands/job-dispatch.ts'),
  },
  {
    name: 'job eval',
    summary: 'Have a job looked at again',
    load: () => import('./commands/job-eval.ts'),
  },
  {
    name: 'job init',
    summary: 'Write an example job file',
    load: () => import('./commands/job-init.ts'),
    aliases: ['init'],
  },
  {
    name: 'job inspect',
    summary: 'Print the specification of a job',
    load: () => import('./commands/job-inspect.ts'),
    aliases: ['inspect'],
  },
  {
    name: 'job periodic force',
    summary: 'Launch a periodic job now',
    load: () => import('./commands/job-periodic-force.ts'),
  },
  {
    name: 'job run',
    summary: 'Register a job, or a new version of it',
    load: () => import('./commands/job-run.ts'),
    aliases: ['run'],
  },
  {
    name: 'job status',
    summary: 'List jobs, or show one',
    load: () => import('./commands/job-status.ts'),
  },
  {
    name: 'job stop',
    summary: 'Stop jobs',
    load: () => import('./commands/job-stop.ts'),
    aliases: ['stop'],
  },
  {
    name: 'job validate',
    summary: 'Check a job file',
    load: () => import('./commands/job-validate.ts'),
    aliases: ['validate'],
  },
  {
    name: 'node eligibility',
    summary: 'Say whether a node takes new allocations',
    load: () => import('./commands/node-eligibility.ts'),
  },
  {
    name: 'node status',
    summary: 'List nodes, or show one',
    load: () => import('./commands/node-status.ts'),
    aliases: ['node-status'],
  },
  {
    name: 'operator log export',
    summary: 'Write the log to a file: the backup',
    load: () => import('./commands/operator-log-export.ts'),
  },
  {
    name: 'operator log import',
    summary: 'Fill an empty event store from such a file',
    load: () => import('./commands/operator-log-import.ts'),
  },
  {
    name: 'operator log verify',
    summary: 'Check such a file',
    load: () => import('./commands/operator-log-verify.ts'),
  },
  {
    name: 'server members',
    summary: 'List the servers',
    load: () => import('./commands/server-members.ts'),
    aliases: ['server-members'],
  },
  {
    name: 'service info',
    summary: 'Show who offers a service',
    load: () => import('./commands/service-info.ts'),
  },
  {
    name: 'service list',
    summary: 'List services',
    load: () => import('./commands/service-list.ts'),
  },
  {
    name: 'status',
    summary: 'Show whatever an id stands for',
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'system gc',
    summary: 'Take what is finished out of the lists',
    load: () => import('./commands/system-gc.ts'),
  },
  {
    name: 'version',
    summary: 'Print the version',
    load: () => import('./commands/version.ts'),
  },
]
