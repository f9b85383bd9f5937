import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BuildResult, buildTutorialImages, removeImages } from '../../infra/demo/images.mjs'
import { dockerEngine, type TestEngine } from '../support/docker.ts'
import { eventually } from '../support/eventually.ts'
import { type CommandResult, startAgent, type TestAgent } from '../support/muster.ts'
import { hasSeed, seedJobFiles } from '../support/seed.ts'
import { root } from '../support/source-tree.ts'

/**
 * The seed's tutorial, word for word with `muster` in place of `nomad`: its four job files exactly as it prints them, with
 * local images under their names, and every command by hand.
 */
const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)`
const id = '[0-9a-f]{8}'

/** A pattern of whole lines: `<TIME>` and `<ID>` stand for themselves, everything else is literal, white space included. */
const lines = (...expected: readonly string[]): RegExp => {
  const escaped = expected.map(line =>
    line
      .replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
      .replaceAll('<TIME>', time)
      .replaceAll('<ID>', id),
  )
  return new RegExp(`^${escaped.join('\n')}$`, 'm')
}

const imagesOf = (files: ReadonlyMap<string, string>): Record<'redis' | 'web' | 'setup' | 'employee', string> => {
  const imageOf = (job: string): string => /image = "([^"]+)"/.exec(files.get(job) ?? '')?.[1] ?? ''
  return {
    redis: imageOf('pytechco-redis'),
    web: imageOf('pytechco-web'),
    setup: imageOf('pytechco-setup'),
    employee: imageOf('pytechco-employee'),
  }
}

const hasAll = hasSeed()
if (!hasAll && process.env['CI'] === 'true') throw new Error('the seed is missing: set MUSTER_SEED_DIR')

let engine: TestEngine | undefined
let made: readonly BuildResult[] = []
let agent: TestAgent
let folder = ''

const ok = (result: CommandResult): string => {
  expect(result, `${result.stdout}\n${result.stderr}`).toMatchObject({ code: 0 })
  return result.stdout
}

type Employee = { readonly type?: string; readonly employeeType?: string }

describe.skipIf(!hasAll)('the tutorial', () => {
  beforeAll(async () => {
    engine = await dockerEngine('the tutorial in containers')
    if (engine === undefined) return
    const files = seedJobFiles()
    folder = mkdtempSync(join(tmpdir(), 'muster-tutorial-'))
    for (const [name, text] of files) writeFileSync(join(folder, `${name}.nomad.hcl`), text)
    const tags = imagesOf(files)
    made = (await buildTutorialImages({ engine: engine.engine, tags, programsDir: join(root, 'infra/demo/programs') }))
      .results
    agent = await startAgent()
  })
  afterAll(async () => {
    if (engine === undefined) return
    await agent.stop()
    await removeImages({ engine: engine.engine, images: made.filter(image => image.kind === 'made') })
    rmSync(folder, { recursive: true, force: true })
  })

  it('runs the redis service and follows evaluation and deployment', async ({ skip }) => {
    if (engine === undefined) return skip()
    const output = ok(await agent.muster(['job', 'run', 'pytechco-redis.nomad.hcl'], folder))
    expect(output).toMatch(
      lines(
        '==> <TIME>: Monitoring evaluation "<ID>"',
        '    <TIME>: Evaluation triggered by job "pytechco-redis"',
        '    <TIME>: Evaluation within deployment: "<ID>"',
        '    <TIME>: Allocation "<ID>" created: node "<ID>", group "ptc-redis"',
        '    <TIME>: Evaluation status changed: "pending" -> "complete"',
        '==> <TIME>: Evaluation "<ID>" finished with status "complete"',
        '==> <TIME>: Monitoring deployment "<ID>"',
        '  ✓ Deployment "<ID>" successful',
      ),
    )
    expect(output).toMatch(
      lines(
        '    ID          = <ID>',
        '    Job ID      = pytechco-redis',
        '    Job Version = 0',
        '    Status      = successful',
        '    Description = Deployment completed successfully',
      ),
    )
    expect(output).toMatch(
      /^ {4}Task Group {2}Desired {2}Placed {2}Healthy {2}Unhealthy {2}Progress Deadline\n {4}ptc-redis {3}1 {8}1 {7}1 {8}0 {10}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/m,
    )
  })

  it('runs the web service and finds its page by the pipeline', async ({ skip }) => {
    if (engine === undefined) return skip()
    ok(await agent.muster(['job', 'run', 'pytechco-web.nomad.hcl'], folder))
    const pipeline = `muster node status -verbose \\
    $(muster job allocs pytechco-web | grep -i running | awk '{print $2}') | \\
    grep -i ip-address | awk -F "=" '{print $2}' | xargs | \\
    awk '{print "http://"$1":5000"}'`
    const url = ok(await agent.shell(pipeline, folder)).trim()
    expect(url).toMatch(/^http:\/\/[\d.]+:5000$/)
    const page = await (await fetch(url)).text()
    expect(page).toContain('<html')
  })

  it('registers and dispatches the setup job', async ({ skip }) => {
    if (engine === undefined) return skip()
    expect(ok(await agent.muster(['job', 'run', 'pytechco-setup.nomad.hcl'], folder))).toBe(
      'Job registration successful\n',
    )
    const output = ok(await agent.muster(['job', 'dispatch', '-meta', 'budget=200', 'pytechco-setup'], folder))
    expect(output).toMatch(
      /^Dispatched Job ID = pytechco-setup\/dispatch-\d{10}-[0-9a-f]{8}\nEvaluation ID {5}= [0-9a-f]{8}\n\n==> /,
    )
    expect(output).toMatch(/Allocation "[0-9a-f]{8}" created: node "[0-9a-f]{8}", group "ptc-setup"/)
    expect(output).toMatch(/finished with status "complete"\n$/)
  })

  it('runs employees every three seconds, then only sales engineers every second', async ({ skip }) => {
    if (engine === undefined) return skip()
    const file = 'pytechco-employee.nomad.hcl'
    const first = ok(await agent.muster(['job', 'run', file], folder))
    expect(first).toMatch(
      /^Job registration successful\nApproximate next launch time: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \(\d+s from now\)\n$/,
    )
    await eventually('launched employees', async () => {
      const { stdout } = await agent.muster(['job', 'status', 'pytechco-employee'])
      return /pytechco-employee\/periodic-\d+ {2}(?:running|dead)/.test(stdout) ? true : undefined
    })
    expect(ok(await agent.muster(['job', 'stop', '-purge', 'pytechco-employee'], folder))).toBe('')
    ok(await agent.muster(['job', 'dispatch', '-meta', 'budget=500', 'pytechco-setup'], folder))
    const text = (seedJobFiles().get('pytechco-employee') ?? '').replace('0/3 ', '0/1 ').replaceAll(/^\/\/ /gm, '')
    writeFileSync(join(folder, file), text)
    expect(ok(await agent.muster(['job', 'run', file], folder))).toContain('Approximate next launch time: ')
    const page = ok(
      await agent.shell(
        `muster node status -self -verbose 2>/dev/null | grep -i ip-address | awk -F "=" '{print $2}' | xargs`,
        folder,
      ),
    ).trim()
    await eventually('only sales engineers', async () => {
      // The page may be restarting, since its template knows redis anew.
      const reply: unknown = await fetch(`http://${page}:5000/employees.json`).then(
        answer => answer.json(),
        () => [],
      )
      const employees = (
        Array.isArray(reply) ? reply : ((reply as { employees?: readonly Employee[] }).employees ?? [])
      ) as readonly Employee[]
      const types = employees.map(employee => employee.type ?? employee.employeeType)
      return types.length > 0 && types.every(type => type === 'sales_engineer') ? true : undefined
    })
  })

  it('stops and purges everything, and the evaluation stays readable', async ({ skip }) => {
    if (engine === undefined) return skip()
    expect(ok(await agent.muster(['job', 'stop', '-purge', 'pytechco-employee'], folder))).toBe('')
    const output = ok(await agent.muster(['job', 'stop', '-purge', 'pytechco-web'], folder))
    expect(output).toMatch(
      lines('==> <TIME>: Monitoring evaluation "<ID>"', '    <TIME>: Evaluation triggered by job "pytechco-web"'),
    )
    expect(output).toMatch(/finished with status "complete"\n$/)
    const evaluation = /Monitoring evaluation "([0-9a-f]{8})"/.exec(output)?.[1] ?? ''
    expect(ok(await agent.muster(['eval', 'status', evaluation]))).toContain('pytechco-web')
    ok(await agent.muster(['job', 'stop', '-purge', 'pytechco-redis'], folder))
    expect(ok(await agent.muster(['job', 'stop', '-purge', 'pytechco-setup'], folder))).toBe('')
  })
})
