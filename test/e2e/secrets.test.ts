import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { mountsBelow, removeTree } from '../../src/platform/mounts.ts'
import { eventually } from '../support/eventually.ts'
import { canMount } from '../support/fault-kit.ts'
import { startAgent, type TestAgent } from '../support/muster.ts'

/** Where whole agents keep secrets of their tasks, and that they leave none. */
let folder = ''
const agents: TestAgent[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-e2e-'))
})
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await removeTree(folder)
})

const start = async (args: readonly string[] = [], port?: number): Promise<TestAgent> => {
  const agent = await startAgent(args, port)
  agents.push(agent)
  return agent
}

/** A task that writes to its secrets whose it is: other agents of this machine may have tasks, too. */
const keeper = (): string => `job "keeper" {
  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo ${folder} > $NOMAD_SECRETS_DIR/made; while true; do sleep 0.2; done"]
      }
      template {
        data        = "hidden"
        destination = "secrets/rendered"
      }
    }
  }
}`

const readOr = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '')

/** Where secrets of our tasks are mounted. */
const ourMounts = async (): Promise<readonly string[]> =>
  (await mountsBelow(tmpdir())).filter(path => readOr(join(path, 'made')) === `${folder}\n`)

const runKeeper = async (agent: TestAgent): Promise<string> => {
  writeFileSync(join(folder, 'keeper.nomad.hcl'), keeper())
  await agent.muster(['job', 'run', '-detach', 'keeper.nomad.hcl'], folder)
  return eventually('the secrets', async () => (await ourMounts())[0])
}

it('an agent with a data directory keeps secrets in memory, through kill -9 of it too', async ({ skip }) => {
  if (!canMount('secrets in memory')) return skip()
  const dataDir = join(folder, 'data')
  const first = await start(['-data-dir', dataDir])
  const secrets = await runKeeper(first)
  expect([secrets.startsWith(dataDir), readOr(join(secrets, 'rendered'))]).toEqual([true, 'hidden'])
  await first.kill()
  agents.pop()
  const second = await start(['-data-dir', dataDir], first.port)
  expect([await ourMounts(), readOr(join(secrets, 'rendered'))]).toEqual([[secrets], 'hidden'])
  expect(await second.muster(['job', 'stop', '-purge', 'keeper'])).toMatchObject({ code: 0 })
})

it('a dev agent leaves no secrets, and removes those of one that was killed', async ({ skip }) => {
  if (!canMount('secrets in memory')) return skip()
  const killed = await start()
  const orphan = await runKeeper(killed)
  await killed.kill()
  agents.pop()
  expect(await ourMounts()).toEqual([orphan])
  const next = await start()
  await eventually('the end of what was left', async () => ((await ourMounts()).length === 0 ? true : undefined))
  const own = await runKeeper(next)
  await next.stop()
  agents.pop()
  expect([await ourMounts(), existsSync(own)]).toEqual([[], false])
})
