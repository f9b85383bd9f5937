import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { removeTree } from '../../src/platform/mounts.ts'
import { dockerEngine } from '../support/docker.ts'
import { eventually } from '../support/eventually.ts'
import { freePort, runCommand, startAgent, type TestAgent } from '../support/muster.ts'
import { expectSameRebuilt } from '../support/rebuild.ts'
import { root } from '../support/source-tree.ts'

/** Whole agents as a user runs them: what is refused, what survives, what is left behind. */
const binary = join(root, 'bin/muster')
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

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text)
  return name
}

/** A task that notes its process and its marks in files of its own, so that a second start would show. */
const ticker = (marks: string): string => `job "ticker" {
  group "g" {
    update {
      min_healthy_time = "1s"
    }
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "echo $$ >> ${marks}; while true; do sleep 0.2; done"]
      }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}`

const startsIn = (marks: string): readonly string[] =>
  existsSync(marks) ? readFileSync(marks, 'utf8').trim().split('\n') : []
const isAlive = (pid: string | undefined): boolean => pid !== undefined && existsSync(`/proc/${pid}`)

describe('an agent', () => {
  it('keeps tasks through kill -9 and re-attaches to them, with the same views when they are built anew', async () => {
    const dataDir = join(folder, 'data')
    const marks = join(folder, 'marks')
    const port = await freePort()
    const first = await start(['-data-dir', dataDir], port)
    const run = await first.muster(['job', 'run', write('ticker.nomad.hcl', ticker(marks))], folder)
    expect(run, run.stdout + run.stderr).toMatchObject({ code: 0 })
    await first.kill()
    agents.pop()
    const [pid] = startsIn(marks)
    expect(isAlive(pid)).toBe(true)
    const second = await start(['-data-dir', dataDir], port)
    const status = await second.muster(['job', 'status', 'ticker'])
    expect(status.stdout).toMatch(/run {6}running/)
    expect(startsIn(marks)).toEqual([pid])
    const stopped = await second.muster(['job', 'stop', '-purge', 'ticker'])
    expect(stopped).toMatchObject({ code: 0 })
    await eventually('the end of the task', async () => (isAlive(pid) ? undefined : true))
    await second.stop()
    agents.pop()
    expect(await expectSameRebuilt(dataDir)).toBeGreaterThan(8)
  })

  it('takes its tasks along when it is stopped without a data directory', async () => {
    const marks = join(folder, 'marks')
    const agent = await start()
    await agent.muster(['job', 'run', '-detach', write('ticker.nomad.hcl', ticker(marks))], folder)
    const [pid] = await eventually('the task', async () => (startsIn(marks).length > 0 ? startsIn(marks) : undefined))
    await agent.stop()
    agents.pop()
    expect(isAlive(pid)).toBe(false)
  })

  it('removes what a dead dev agent left behind', async () => {
    const marks = join(folder, 'marks')
    const dead = await start()
    await dead.muster(['job', 'run', '-detach', write('ticker.nomad.hcl', ticker(marks))], folder)
    const [pid] = await eventually('the task', async () => (startsIn(marks).length > 0 ? startsIn(marks) : undefined))
    await dead.kill()
    agents.pop()
    expect(isAlive(pid)).toBe(true)
    await start()
    await eventually('the end of what was left', async () => (isAlive(pid) ? undefined : true))
  })

  it('ends at the first signal though its start hangs in something that never answers', async () => {
    const dataDir = join(folder, 'data')
    const state = join(dataDir, 'client', 'state')
    mkdirSync(state, { recursive: true })
    // A file that nobody writes to: reading it keeps a thread waiting for ever, as a dead file system does.
    execFileSync('mkfifo', [join(state, 'report.json')])
    const port = await freePort()
    const child = spawn(binary, ['agent', '-dev', '-data-dir', dataDir, '-http-port', String(port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString('utf8')))
    try {
      await eventually('the API, which is there before the client', async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/v1/agent/health`).catch(() => undefined)
        return answer === undefined ? undefined : true
      })
      child.kill('SIGTERM')
      await eventually('the end', async () => child.signalCode ?? child.exitCode ?? undefined)
      expect(child.signalCode).toBe('SIGKILL')
      expect(said).toContain('the agent did not stop in time and leaves as it is')
      rmSync(join(state, 'report.json'))
      await start(['-data-dir', dataDir])
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('refuses a port that is taken and a data directory that is in use, each by name', async () => {
    const dataDir = join(folder, 'data')
    const agent = await start(['-data-dir', dataDir])
    const env = { ...process.env }
    const samePort = await runCommand(binary, ['agent', '-dev', '-http-port', String(agent.port)], { env, cwd: folder })
    expect(samePort.code).toBe(1)
    expect(samePort.stderr).toContain('ADDRESS_IN_USE')
    const sameDirectory = await runCommand(
      binary,
      ['agent', '-dev', '-data-dir', dataDir, '-http-port', String(await freePort())],
      { env, cwd: folder },
    )
    expect(sameDirectory.code).toBe(1)
    expect(sameDirectory.stderr).toContain('DATA_DIR_LOCKED')
  })

  it('answers bad input with a code, exit 1 and nothing half done', async () => {
    const agent = await start()
    const broken = await agent.muster(
      ['job', 'run', write('broken.nomad.hcl', 'job "x" {\n  group "g" {\n    cuont = 2\n  }\n')],
      folder,
    )
    expect(broken.code).toBe(1)
    expect(broken.stderr).toMatch(/broken\.nomad\.hcl:\d+:\d+/)
    const typo = await agent.muster(
      [
        'job',
        'run',
        write(
          'typo.nomad.hcl',
          'job "x" {\n  group "g" {\n    cuont = 2\n    task "t" {\n      driver = "mock"\n    }\n  }\n}\n',
        ),
      ],
      folder,
    )
    expect(typo.code).toBe(1)
    expect(typo.stderr).toContain('typo.nomad.hcl:3:5')
    expect(typo.stderr).toContain('    cuont = 2')
    expect(typo.stderr).toContain('"count"')
    const large = await agent.muster(['job', 'run', write('large.nomad.hcl', `# ${'x'.repeat(1_000_001)}\n`)], folder)
    expect(large.code).toBe(1)
    const unset = await agent.muster(
      [
        'job',
        'run',
        write(
          'unset.nomad.hcl',
          'variable "image" {\n  type = string\n}\njob "x" {\n  group "g" {\n    task "t" {\n      driver = var.image\n    }\n  }\n}\n',
        ),
      ],
      folder,
    )
    expect(unset).toMatchObject({ code: 1 })
    expect(unset.stderr).toContain('"image"')
    const unknown = await agent.muster(['alloc', 'status', 'ffffffff'])
    expect(unknown.code).toBe(1)
    expect((await agent.muster(['job', 'status'])).stdout).toContain('No running jobs')
    const nobody = await runCommand(binary, ['job', 'status', '-address', `http://127.0.0.1:${await freePort()}`], {
      env: { ...process.env },
      cwd: folder,
    })
    expect(nobody.code).toBe(1)
    expect(nobody.stderr).toContain('API_UNREACHABLE')
  })

  it('leaves a job registered that shows its fault only afterwards, and says the cause everywhere', async () => {
    const agent = await start()
    const nowhere = write(
      'nowhere.nomad.hcl',
      'job "nowhere" {\n  group "g" {\n    task "t" {\n      driver = "qemu"\n    }\n  }\n}\n',
    )
    const run = await agent.muster(['job', 'run', nowhere], folder)
    expect(run.code).toBe(2)
    expect(run.stdout).toContain('failed to place all allocations')
    expect(run.stdout + run.stderr).toContain('qemu')
    expect((await agent.muster(['job', 'status', 'nowhere'])).stdout).toMatch(/missing drivers|qemu/)
    const absent = write(
      'absent.nomad.hcl',
      ticker(join(folder, 'never')).replace('/bin/sh', '/bin/there-is-no-such-command').replace('"ticker"', '"absent"'),
    )
    await agent.muster(['job', 'run', '-detach', absent], folder)
    const allocation = await eventually('a failed allocation', async () => {
      const { stdout } = await agent.muster(['job', 'allocs', 'absent'])
      return /^([0-9a-f]{8}) .*failed/m.exec(stdout)?.[1]
    })
    expect((await agent.muster(['alloc', 'status', allocation])).stdout).toContain('there-is-no-such-command')
  })

  it('does not place a static port that a foreign process holds, and says so', async () => {
    const holder = createServer()
    const port = await freePort()
    await new Promise<void>(resolve => {
      holder.listen(port, '0.0.0.0', resolve)
    })
    const agent = await start()
    const text = `job "held" {\n  group "g" {\n    network {\n      port "p" {\n        static = ${port}\n      }\n    }\n    task "t" {\n      driver = "mock"\n      config {\n        run_for = "10m"\n      }\n    }\n  }\n}\n`
    const run = await agent.muster(['job', 'run', write('held.nomad.hcl', text)], folder)
    expect(run.code).toBe(2)
    expect(run.stdout).toContain(`network: reserved port collision p=${port}`)
    await new Promise<void>(resolve => {
      holder.close(() => resolve())
    })
    await eventually('the port to be given once it is free', async () =>
      (await agent.muster(['job', 'allocs', 'held'])).stdout.includes('running') ? true : undefined,
    )
  })

  it('tells why an image cannot be had', async ({ skip }) => {
    if ((await dockerEngine('an image that cannot be had')) === undefined) return skip()
    const agent = await start()
    const text =
      'job "noimage" {\n  type = "batch"\n  group "g" {\n    restart {\n      attempts = 0\n      mode = "fail"\n    }\n    task "t" {\n      driver = "docker"\n      config {\n        image = "127.0.0.1:1/nothing:1"\n      }\n    }\n  }\n}\n'
    await agent.muster(['job', 'run', '-detach', write('noimage.nomad.hcl', text)], folder)
    const allocation = await eventually('a failed allocation', async () => {
      const { stdout } = await agent.muster(['job', 'allocs', 'noimage'])
      return /^([0-9a-f]{8}) .*failed/m.exec(stdout)?.[1]
    })
    const status = (await agent.muster(['alloc', 'status', allocation])).stdout
    expect(status).toContain('Driver Failure')
    expect(status).toContain('127.0.0.1:1/nothing:1')
    expect((await agent.muster(['job', 'status', 'noimage'])).stdout).toContain('failed')
  })

  it('refuses requests for other host names and from other sites', async () => {
    const agent = await start()
    const url = `http://127.0.0.1:${agent.port}/graphql`
    const body = JSON.stringify({ query: '{ __typename }' })
    const headers = { 'content-type': 'application/json' }
    const own = await fetch(url, { method: 'POST', headers, body })
    expect(own.status).toBe(200)
    const foreign = await fetch(url, { method: 'POST', headers: { ...headers, origin: 'http://evil.example' }, body })
    expect(foreign.status).toBe(403)
  })
})
