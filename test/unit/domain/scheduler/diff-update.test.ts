import { describe, expect, it } from 'vitest'
import type { Job, TaskGroup, Template } from '../../../../src/domain/jobspec/schema.ts'
import { updateKindOf } from '../../../../src/domain/scheduler/diff-update.ts'
import { buildConstraint, buildGroup, buildJob, buildPort, buildTask, buildUpdate } from '../../../support/builders.ts'

const task = buildTask()
const base = buildGroup()
const withTask = (change: Partial<typeof task>): TaskGroup => buildGroup({ tasks: [{ ...task, ...change }] })
const sealed = (text: string, digest: string) => ({ sealed: text, digest })
const kind = (after: TaskGroup, before: TaskGroup = base, job: Partial<Job> = {}) =>
  updateKindOf({ job: buildJob(), group: before }, { job: buildJob(job), group: after })

const template: Template = {
  data: sealed('text', 'digest'),
  sourcePath: '',
  destination: 'local/a',
  changeMode: 'restart',
  changeSignal: '',
  splayMs: 0,
  perms: '0644',
  leftDelimiter: '{{',
  rightDelimiter: '}}',
  isEnv: false,
  isOnce: false,
  errorsOnMissingKey: false,
}

describe('what forces another allocation', () => {
  const destructive: readonly (readonly [string, TaskGroup])[] = [
    ['another task', buildGroup({ tasks: [task, buildTask({ name: 'other' })] })],
    ['a task under another name', withTask({ name: 'renamed' })],
    ['another driver', withTask({ driver: 'docker' })],
    ['another configuration', withTask({ config: { command: 'x' } })],
    ['another environment', withTask({ env: { A: sealed('1', 'a') } })],
    ['other meta of the task', withTask({ meta: { a: '1' } })],
    ['more memory', withTask({ resources: { ...task.resources, memoryMb: 256 } })],
    ['a template', withTask({ templates: [template] })],
    ['a lifecycle hook', withTask({ lifecycle: { hook: 'prestart', isSidecar: false } })],
    ['logs off', withTask({ logs: { ...task.logs, isDisabled: true } })],
    ['templates rendered on restart', withTask({ restart: { ...task.restart, rendersTemplates: true } })],
    ['other meta of the group', buildGroup({ meta: { a: '1' } })],
    ['another disk', buildGroup({ ephemeralDiskMb: 301 })],
    ['a port', buildGroup({ network: { mode: 'host', ports: [buildPort('http')] } })],
  ]
  it.each(destructive)('%s', (_name, after) => {
    expect(kind(after)).toBe('destructive')
  })

  it('meta of the job', () => {
    expect(kind(base, base, { meta: { a: '1' } })).toBe('destructive')
  })
})

describe('what is taken over in place', () => {
  const inPlace: readonly (readonly [string, TaskGroup])[] = [
    ['nothing', base],
    ['the count', buildGroup({ count: 9 })],
    ['constraints', buildGroup({ constraints: [buildConstraint('${meta.a}', 'is_set')] })],
    ['constraints of the task', withTask({ constraints: [buildConstraint('${meta.a}', 'is_set')] })],
    ['restart attempts', withTask({ restart: { ...task.restart, attempts: 9 } })],
    ['rescheduling', buildGroup({ reschedule: { ...base.reschedule, delayMs: 9 } })],
    ['the update strategy', buildGroup({ update: buildUpdate({ maxParallel: 9 }) })],
    ['the kill signal and timeout', withTask({ killSignal: 'SIGINT', killTimeoutMs: 9 })],
    ['the shutdown delay', buildGroup({ shutdownDelayMs: 9 })],
    ['log sizes', withTask({ logs: { ...task.logs, maxFiles: 9 } })],
  ]
  it.each(inPlace)('%s', (_name, after) => {
    expect(kind(after)).toBe('in-place')
  })

  it('the priority of the job', () => {
    expect(kind(base, base, { priority: 90 })).toBe('in-place')
  })

  it('a value sealed anew that digests alike, and tasks in another order', () => {
    const before = withTask({ env: { A: sealed('one', 'same') } })
    expect(kind(withTask({ env: { A: sealed('two', 'same') } }), before)).toBe('in-place')
    expect(kind(withTask({ env: { A: { source: 'elsewhere', digest: 'same' } } }), before)).toBe('in-place')
    expect(kind(withTask({ env: { A: sealed('one', 'other') } }), before)).toBe('destructive')
    const two = [buildTask({ name: 'a' }), buildTask({ name: 'b' })]
    expect(kind(buildGroup({ tasks: two.toReversed() }), buildGroup({ tasks: two }))).toBe('in-place')
  })
})
