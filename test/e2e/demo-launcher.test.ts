import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const DEMO = join(import.meta.dirname, '../../scripts/demo.mjs')
const FAKE = join(import.meta.dirname, '../support/fake-muster.mjs')

let scratch = ''
const holders: Server[] = []

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'demo-launcher-'))
})

afterEach(async () => {
  for (const holder of holders.splice(0)) holder.close()
  await rm(scratch, { recursive: true, force: true })
})

async function listen(port: number): Promise<number> {
  const server = createServer().listen(port, '127.0.0.1')
  holders.push(server)
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the test server has no port')
  return address.port
}

async function freePort(): Promise<number> {
  const port = await listen(0)
  const server = holders.pop()
  await new Promise(resolve => server?.close(resolve))
  return port
}

type Run = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Runs the launcher with the fake; once its output matches `interruptAt`, it gets a SIGINT. */
async function runDemo(
  setting: { fault?: string; port?: number; args?: string[]; interruptAt?: RegExp } = {},
): Promise<Run> {
  const port = String(setting.port ?? (await freePort()))
  const child = spawn(process.execPath, [DEMO, '--driver', 'raw_exec', ...(setting.args ?? [])], {
    env: {
      ...process.env,
      TMPDIR: scratch,
      MUSTER_BIN: FAKE,
      MUSTER_DEMO_PORT: port,
      FAKE_WEB_PORT: port,
      FAKE_FAULT: setting.fault ?? '',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [stdout, stderr] = ['', '']
  let isInterrupted = false
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
    if (isInterrupted || setting.interruptAt?.test(stdout) !== true) return
    isInterrupted = true
    child.kill('SIGINT')
  })
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = await once(child, 'close')
  return { code: typeof code === 'number' ? code : null, stdout, stderr }
}

/** What is left of the runs in this test: directories, and processes that work in one. */
async function leftovers(): Promise<string[]> {
  const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
  const found = await Promise.all(
    pids.map(async pid => {
      const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return cwd.startsWith(scratch) || command.includes(scratch) ? [command.replaceAll('\0', ' ')] : []
    }),
  )
  return [...(await readdir(scratch)), ...found.flat()]
}

test('the demo plays the tutorial, shows each command, ends with a table of steps and leaves nothing', async () => {
  const { code, stdout, stderr } = await runDemo()
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).toMatch(/run as plain processes with raw_exec/)
  expect(stdout.match(/^\$ muster .*/gm)?.map(line => line.replace(/-data-dir .*/, '…'))).toEqual([
    '$ muster agent -dev …',
    '$ muster node status',
    '$ muster job run pytechco-redis.nomad.hcl',
    '$ muster job run pytechco-web.nomad.hcl',
    '$ muster node status -verbose \\',
    '$ muster job run pytechco-setup.nomad.hcl',
    '$ muster job dispatch -meta budget="200" pytechco-setup',
    '$ muster job run pytechco-employee.nomad.hcl',
    '$ muster job status pytechco-employee',
    '$ muster job stop -purge pytechco-employee',
    '$ muster job dispatch -meta budget="500" pytechco-setup',
    '$ muster job run pytechco-employee-sales.nomad.hcl',
    '$ muster job stop -purge -children pytechco-employee',
    '$ muster job stop -purge pytechco-web',
    '$ muster job stop -purge pytechco-redis',
    '$ muster job stop -purge -children pytechco-setup',
    '$ muster job status',
  ])
  expect(stdout).toMatch(/- cron\s+= "0\/3 \* \* \* \* \* \*"/)
  expect(stdout).toMatch(/\+ cron\s+= "0\/1 \* \* \* \* \* \*"/)
  expect(stdout).toMatch(/^Step +Result +Took$/m)
  expect(stdout).toMatch(/^see that only sales engineers come +done +\d+\.\d s$/m)
  expect(await leftovers()).toEqual([])
})

test.each([
  ['job-fails', 'run the web page', /the fake refuses this one/],
  ['wrong-employee', 'see that only sales engineers come', /a recruiter came online/],
  ['dies', 'start the agent', /exited with code 3/],
])(
  'a step that fails (%s) is named with its cause and the log of the agent, and all is tidied up',
  async (fault, step, cause) => {
    const { code, stdout, stderr } = await runDemo({ fault })
    expect(code).toBe(1)
    expect(stderr).toContain(`The step "${step}" failed`)
    expect(stdout + stderr).toMatch(cause)
    expect(stderr).toMatch(/last log lines:\n.*the fake agent starts/)
    expect(stdout).toMatch(new RegExp(`^${step} +failed`, 'm'))
    expect(await leftovers()).toEqual([])
  },
)

test('Ctrl-C in the middle of a command ends it, the agent and its tasks', async () => {
  const { code, stdout, stderr } = await runDemo({ fault: 'hangs', interruptAt: /\$ muster job run pytechco-web/ })
  expect(code, stdout + stderr).toBe(130)
  expect(stderr).toContain('it was interrupted by SIGINT')
  expect(await leftovers()).toEqual([])
})

test('a taken port is reported with its holder before anything is started', async () => {
  const port = await listen(0)
  const { code, stdout, stderr } = await runDemo({ port })
  expect(code).toBe(1)
  expect(stderr).toMatch(new RegExp(`Port ${port}.*is taken, by .*\\(pid ${process.pid}\\)`))
  expect(stdout).toBe('')
  expect(await leftovers()).toEqual([])
})

test('--keep leaves the agent running and says how to go on; --stop removes it all', async () => {
  const { code, stdout, stderr } = await runDemo({ args: ['--keep'] })
  expect(code, stdout + stderr).toBe(0)
  expect(stdout).not.toContain('job stop -purge -children')
  const dir = /--stop '([^']+)'/.exec(stdout)?.[1] ?? ''
  const address = /MUSTER_ADDR='([^']+)'/.exec(stdout)?.[1] ?? ''
  const jobs: unknown = await (await fetch(`${address}/ping/`)).json()
  expect(jobs).toContain('pytechco-web')
  const stop = await runDemo({ args: ['--stop', dir] })
  expect(stop.code, stop.stderr).toBe(0)
  expect(await leftovers()).toEqual([])
})

test('unknown options and a directory that is no run are refused with the usage or the reason', async () => {
  expect(await runDemo({ args: ['--fast'] })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--keep') as string,
  })
  expect(await runDemo({ args: ['--stop', scratch] })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no demo.json') as string,
  })
})
