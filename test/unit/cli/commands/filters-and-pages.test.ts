import { describe, expect, it } from 'vitest'
import { deployment, evaluation, node, pageOf } from '../../../support/cli-answers.ts'
import { type FakeRoot, runFakeCli } from '../../../support/fake-cli.ts'

const lines = (text: string): readonly string[] => text.trimEnd().split('\n')

type PageArguments = { readonly first: number; readonly cursor: string | null }

/** A list as the server hands it out: a cursor is the place of its row. */
const paged =
  (rows: readonly object[], asked: PageArguments[] = []) =>
  (args: PageArguments) => {
    asked.push(args)
    const start = args.cursor === null ? 0 : Number(args.cursor) + 1
    const nodes = rows.slice(start, start + args.first)
    const edges = nodes.map((row, index) => ({ cursor: String(start + index), node: row }))
    return {
      edges,
      nodes,
      pageInfo: { hasNextPage: start + args.first < rows.length, endCursor: edges.at(-1)?.cursor ?? null },
      position: 1,
    }
  }

/** Every third one is of `web`. */
const evaluations = Array.from({ length: 1_050 }, (_, index) =>
  evaluation({ id: String(index).padStart(8, '0'), jobId: index % 3 === 0 ? 'web' : 'etl', priority: index % 100 }),
)

const idsIn = (stdout: string): readonly string[] => lines(stdout).map(line => line.split(' ')[0] ?? '')
const shown = ['-t', '{{range .}}{{.id}}\n{{end}}']

/** Goes from page to page as a person would, by what each tells. */
const browse = async (root: FakeRoot, flags: readonly string[]): Promise<readonly (readonly string[])[]> => {
  const pages: (readonly string[])[] = []
  let more: readonly string[] | null = []
  while (more !== null) {
    const { code, stdout, stderr } = await runFakeCli(['eval', 'list', ...flags, ...more, ...shown], { root })
    expect(code).toBe(0)
    pages.push(idsIn(stdout).filter(id => id !== ''))
    const token = /^More follow, with (-page-token) (\S+)\n$/.exec(stderr)
    more = token === null ? null : token.slice(1)
  }
  return pages
}

describe('lists by pages', () => {
  it.each([1, 7, 10])('come whole, %i rows at once, and the last page names no other', async count => {
    const few = evaluations.slice(0, 10)
    const pages = await browse({ evaluations: paged(few) }, ['-per-page', String(count)])
    expect(pages.flat()).toEqual(few.map(({ id }) => id))
    expect(pages).toHaveLength(Math.ceil(10 / count))
  })

  it('take counts up to the limit', async () => {
    const root = { evaluations: paged(evaluations) }
    for (const count of ['0', '1001'])
      expect((await runFakeCli(['eval', 'list', '-per-page', count], { root })).stderr).toContain('write 1 to 1000')
    for (const count of [999, 1_000]) {
      const page = await runFakeCli(['eval', 'list', '-per-page', String(count), ...shown], { root })
      expect(idsIn(page.stdout)).toHaveLength(count)
      expect(page.stderr).toBe(`More follow, with -page-token ${count - 1}\n`)
    }
  })

  it('are pages of what the filter keeps', async () => {
    const web = evaluations.filter(({ jobId }) => jobId === 'web').map(({ id }) => id)
    const pages = await browse({ evaluations: paged(evaluations) }, ['-filter', 'JobID == "web"', '-per-page', '100'])
    expect(pages.map(page => page.length)).toEqual([100, 100, 100, 50])
    expect(pages.flat()).toEqual(web)
  })

  it('ask the server for large pages where few of many rows are kept', async () => {
    const asked: PageArguments[] = []
    const root = { evaluations: paged(evaluations, asked) }
    const only = await runFakeCli(['eval', 'list', '-filter', 'ID == "00001049"', '-per-page', '1', ...shown], { root })
    expect([only.stdout, only.stderr]).toEqual(['00001049\n\n', ''])
    expect(asked).toHaveLength(6)
  })
})

describe('-filter', () => {
  it('keeps the evaluations for which it holds, in every form of output', async () => {
    const root = { evaluations: paged(evaluations) }
    const expression = 'Priority == 3 and JobID contains "we" and not (Status == "pending") or ID matches "^0*7$"'
    const table = await runFakeCli(['eval', 'list', '-filter', expression], { root })
    expect(idsIn(table.stdout)).toEqual(['ID', '00000003', '00000007', '00000303', '00000603', '00000903'])
    const json = JSON.parse((await runFakeCli(['eval', 'list', '-filter', expression, '-json'], { root })).stdout)
    expect(json).toHaveLength(5)
    expect((await runFakeCli(['eval', 'list', '-filter', 'JobID == "x"'], { root })).stdout).toBe('No evals found\n')
    expect(idsIn((await runFakeCli(['eval', 'list', '-filter', '', ...shown], { root })).stdout)).toHaveLength(1_050)
  })

  it('asks by group what could not be placed', async () => {
    const failed = { placementFailures: [{ group: 'app', count: 1, metrics: {}, unblockedBy: [] }] }
    const root = { evaluations: () => pageOf([evaluation(), evaluation({ ...failed, jobId: 'short' })]) }
    const kept = await runFakeCli(
      ['eval', 'list', '-filter', '"app" in FailedTGAllocs', '-t', '{{range .}}{{.jobId}}{{end}}'],
      { root },
    )
    expect(kept.stdout).toBe('short\n')
  })

  it('refuses what cannot be read or is not there by its code and place, before the server is asked', async () => {
    const refused = await runFakeCli(['eval', 'list', '-filter', 'JobID ==\n"x" and Statsu == "y"'], {})
    expect(refused).toEqual({
      code: 1,
      stdout: '',
      stderr: `Error [FILTER_INVALID]: the expression of -filter cannot be used: there is no field "Statsu": did you mean Status?

    JobID == "x" and Statsu == "y"
                     ^
`,
    })
  })

  it('keeps deployments', async () => {
    const root = { deployments: () => pageOf([deployment(), deployment({ status: 'failed', jobVersion: 3 })]) }
    const kept = await runFakeCli(['deployment', 'list', '-filter', 'Status != successful and JobVersion == 3'], {
      root,
    })
    expect(lines(kept.stdout)).toHaveLength(2)
    expect(kept.stdout).toContain('failed')
  })

  it('keeps nodes, by their attributes and meta too', async () => {
    const nodes = [
      node({ id: 'a', attributes: [{ name: 'kernel.name', value: 'linux' }], meta: [{ name: 'rack', value: 'r1' }] }),
      node({ id: 'b', isEligible: false, attributes: [], meta: [{ name: 'rack', value: 'r2' }] }),
    ]
    const root = { nodes: () => pageOf(nodes) }
    const kept = async (filter: string): Promise<readonly string[]> =>
      lines((await runFakeCli(['node', 'status', '-quiet', '-filter', filter], { root })).stdout)
    expect(await kept('Attributes["kernel.name"] == "linux"')).toEqual(['a'])
    expect(await kept('Meta.rack == r2 and SchedulingEligibility == "ineligible"')).toEqual(['b'])
    expect(await kept('Drain == false')).toEqual(['a', 'b'])
    expect(await kept('Name == "none"')).toEqual(['No nodes registered'])
  })

  it('keeps instances of a service', async () => {
    const instance = (port: number, tags: readonly string[]) => ({
      id: String(port),
      jobId: 'j',
      allocationId: 'a',
      nodeId: 'n',
      datacenter: 'dc1',
      address: '10.0.0.5',
      port,
      tags,
    })
    const service = { namespace: 'default', name: 's', tags: [], instances: [instance(1, ['blue']), instance(2, [])] }
    const kept = await runFakeCli(['service', 'info', '-filter', 'Tags contains blue or Port == 3', 's'], {
      root: { service: () => service },
    })
    expect(lines(kept.stdout).slice(1)).toEqual(['j       10.0.0.5:1  [blue]  n        a'])
  })
})

describe('node status -quiet', () => {
  it('prints whole ids, and excludes what says more', async () => {
    const root = { nodes: () => pageOf([node(), node({ id: 'x' })]) }
    expect((await runFakeCli(['node', 'status', '-quiet'], { root })).stdout).toBe(`${String(node()['id'])}\nx\n`)
    for (const flag of ['-verbose', '-json'])
      expect((await runFakeCli(['node', 'status', '-quiet', flag], { root })).stderr).toContain('[USAGE]')
  })
})
