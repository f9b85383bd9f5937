import { describe, expect, it } from 'vitest'
import { allocation, deployment, evaluation, job, node, pageOf } from '../../../support/cli-answers.ts'
import { runFakeCli } from '../../../support/fake-cli.ts'

const root = {
  jobs: () => pageOf([]),
  job: () => job(),
  allocation: () => allocation(),
  evaluation: () => evaluation(),
  evaluations: () => pageOf([]),
  deployment: () => deployment(),
  nodes: () => pageOf([]),
  node: () => node(),
  serverMembers: () => [],
}

describe('-ui', () => {
  it.each([
    'job status',
    'job status x',
    'status',
    'alloc status x',
    'eval list',
    'eval status x',
    'deployment status x',
    'node status',
    'node status x',
    'server members',
  ])('is taken by %s, which says that it opens nothing', async words => {
    const [group = '', verb, ...rest] = words.split(' ')
    const args = verb === undefined ? [group, '-ui'] : [group, verb, '-ui', ...rest]
    const told = await runFakeCli(args, { root })
    expect(told.stderr).toBe('-ui has no effect: there is no web UI to open.\n')
    expect(told.stdout).toBe(
      (
        await runFakeCli(
          args.filter(arg => arg !== '-ui'),
          { root },
        )
      ).stdout,
    )
    expect(told.code).toBe(0)
  })
})

describe('-verbose', () => {
  it.each(['restart', 'signal', 'logs', 'fs'])('is taken by alloc %s, whose messages name whole ids', async verb => {
    const help = await runFakeCli(['alloc', verb, '-h'])
    expect(help.stdout).toContain('-verbose')
    const twice = () => ({ ...allocation(), __typename: 'Unresolved', code: 'NOT_FOUND', message: '', candidates: [] })
    const told = await runFakeCli(['alloc', verb, '-verbose', 'x'], { root: { allocation: twice } })
    expect(told.stderr).toContain('[NOT_FOUND]')
  })
})
