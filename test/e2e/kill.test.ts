import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { removeTree } from '../../src/platform/mounts.ts'
import { seededRandom } from '../../src/platform/random.ts'
import { eventually } from '../support/eventually.ts'
import { freePort, startAgent, type TestAgent } from '../support/muster.ts'
import { expectSameRebuilt } from '../support/rebuild.ts'
import { root } from '../support/source-tree.ts'

/**
 * `kill -9` of the agent at 20 points of the tutorial, played with plain processes: in the middle of each command and right
 * after it. A command that was cut off is given again, as a user would. Running tasks run on, nothing acknowledged is lost.
 */
const demo = join(root, 'infra/demo')
const variables = ['-var', `node=${process.execPath}`, '-var', `programs=${join(demo, 'programs')}`]
const redisVariables = [
  '-var',
  `redis=${process.execPath}`,
  '-var',
  `redis_setup=${join(demo, 'programs/redis-stand-in.mjs')}`,
]
const file = (name: string): string => join(demo, 'jobs/raw_exec', `pytechco-${name}.nomad.hcl`)
const run = (name: string, vars: readonly string[] = variables): readonly string[] => [
  'job',
  'run',
  '-detach',
  ...vars,
  file(name),
]
const dispatch = (budget: number): readonly string[] => [
  'job',
  'dispatch',
  '-detach',
  '-idempotency-token',
  `budget-${budget}`,
  '-meta',
  `budget=${budget}`,
  'pytechco-setup',
]
const stop = (name: string): readonly string[] => ['job', 'stop', '-purge', '-detach', `pytechco-${name}`]

/** A command is done when it ended well, or when what it asks for is so already: the first try may have got through. */
type Step = { readonly args: readonly string[]; readonly isAlreadySo?: RegExp }
const gone = /NOT_FOUND|not found|No job/i
const steps: readonly Step[] = [
  { args: run('redis', redisVariables) },
  { args: run('web') },
  { args: run('setup') },
  { args: dispatch(200) },
  { args: run('employee') },
  { args: stop('employee'), isAlreadySo: gone },
  { args: dispatch(500) },
  { args: run('employee-sales') },
  { args: ['job', 'stop', '-purge', '-detach', 'pytechco-employee'], isAlreadySo: gone },
  { args: stop('web'), isAlreadySo: gone },
]
/** The longest that a kill waits after its command began, ms. */
const MAX_KILL_DELAY_MS = 250

const folder = mkdtempSync(join(tmpdir(), 'muster-kill-'))
const dataDir = join(folder, 'data')
let agent: TestAgent | undefined

afterAll(async () => {
  await agent?.stop()
  await removeTree(folder)
})

describe('an agent that is killed at 20 points of the tutorial', () => {
  it('loses nothing that was acknowledged and no task that runs', { timeout: 280_000 }, async () => {
    const random = seededRandom(Number(process.env['MUSTER_KILL_SEED'] ?? 7))
    const port = await freePort()
    let running = await startAgent(['-data-dir', dataDir], port)
    agent = running
    let kills = 0
    const restart = async (): Promise<void> => {
      await running.kill()
      kills += 1
      running = await startAgent(['-data-dir', dataDir], port)
      agent = running
    }
    const finish = async (step: Step): Promise<void> => {
      const result = await running.muster(step.args, folder)
      const isDone = result.code === 0 || step.isAlreadySo?.test(result.stderr) === true
      expect(isDone, `${step.args.join(' ')}: ${result.code}\n${result.stdout}\n${result.stderr}`).toBe(true)
    }
    let redis: { readonly allocation: string; readonly pid: string } | undefined
    for (const step of steps) {
      const cut = running.muster(step.args, folder)
      await new Promise(resolve => {
        setTimeout(resolve, random.next() * MAX_KILL_DELAY_MS)
      })
      await restart()
      await cut
      await finish(step)
      await restart()
      redis ??= await eventually('redis running', async () => {
        const { stdout } = await running.muster(['job', 'allocs', 'pytechco-redis'])
        const allocation = /^([0-9a-f]{8}) .*run {6}running/m.exec(stdout)?.[1]
        if (allocation === undefined) return undefined
        const pid = (await running.shell(`pgrep -f '[r]edis-stand-in.mjs --port' | sort | head -1`)).stdout.trim()
        return pid === '' ? undefined : { allocation, pid }
      })
    }
    expect(kills).toBe(20)
    const status = await running.muster(['alloc', 'status', redis?.allocation ?? ''])
    expect(status.stdout).toMatch(/Client Status +=? *running/)
    expect(status.stdout).toMatch(/Total Restarts += 0/)
    expect(existsSync(`/proc/${redis?.pid}`)).toBe(true)
    const jobs = (await running.muster(['job', 'status'])).stdout
    expect(jobs).toMatch(/pytechco-redis +service +50 +running/)
    expect(jobs).not.toMatch(/pytechco-web +/)
    const dispatched = (await running.muster(['job', 'status', 'pytechco-setup'])).stdout.match(
      /^pytechco-setup\/dispatch-\S+ +(?:dead|running|pending)/gm,
    )
    expect(dispatched).toHaveLength(2)
    await finish({ args: stop('redis') })
    await eventually('the end of redis', async () => (existsSync(`/proc/${redis?.pid}`) ? undefined : true))
    await running.stop()
    agent = undefined
    expect(await expectSameRebuilt(dataDir)).toBeGreaterThan(20)
  })
})
