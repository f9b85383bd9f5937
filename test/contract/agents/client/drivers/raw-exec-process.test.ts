import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StartResult, TaskDriver, TaskHandle, TaskStart } from '../../../../../src/agents/client/drivers/driver.ts'
import {
  createControlGroups,
  groupRootAmong,
} from '../../../../../src/agents/client/drivers/raw-exec/control-groups.ts'
import {
  type ProcessIdentity,
  parseStat,
  processesWithVariables,
} from '../../../../../src/agents/client/drivers/raw-exec/process-identity.ts'
import { createRawExecDriver } from '../../../../../src/agents/client/drivers/raw-exec/raw-exec-driver.ts'
import { startKey } from '../../../../../src/agents/client/drivers/raw-exec/start-files.ts'
import { processesOf } from '../../../../../src/agents/client/drivers/raw-exec/task-state.ts'
import type { TaskConfig } from '../../../../../src/agents/client/drivers/task-config.ts'
import type { Json } from '../../../../../src/domain/json.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../../src/platform/logger.ts'
import { parseMounts } from '../../../../../src/platform/mounts.ts'
import { eventually } from '../../../../support/eventually.ts'
import { readOutput } from '../../../../support/task-output.ts'
import { makeTaskStart } from '../../../../support/task-start.ts'
import { shellProgram } from '../../../shell-program.ts'

/** What is raw_exec's own: processes, their numbers, their environment and their programs. */

const nobody = new AbortController().signal
const labels = { cluster: 'process', node: `raw-exec-${process.pid}` }
let root: string
let driver: TaskDriver

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-process-'))
  driver = createRawExecDriver({
    stateDir: join(root, 'state'),
    options: { enabled: true },
    clock: systemClock,
    logger: silentLogger,
  })
})

afterAll(async () => {
  await driver.sweep(labels, new Set())
  await driver.close()
  await rm(root, { recursive: true, force: true })
})

const taskFor = (config: TaskConfig, overrides: Partial<TaskStart> = {}): Promise<TaskStart> =>
  makeTaskStart({ root, labels, isImage: false, config }, overrides)

const start = async (task: TaskStart): Promise<StartResult> => driver.start(task, () => {}, nobody)

const startedHandle = async (task: TaskStart): Promise<TaskHandle> => {
  const result = await start(task)
  if (result.kind === 'failed') throw new Error(result.message)
  return result.handle
}

const outputOf = async (task: TaskStart): Promise<string> => {
  await driver.wait(await startedHandle(task), nobody)
  return readOutput(task.paths.stdoutPath)
}

const script = async (path: string, text: string): Promise<void> => {
  await writeFile(path, `#!/bin/sh\n${text}\n`)
  await chmod(path, 0o755)
}

describe('a stop without a kill signal', () => {
  it('interrupts the task, which may end in good order', async () => {
    const words = 'trap "echo interrupted; exit 7" INT; echo ready; while :; do sleep 0.05; done'
    const task = await taskFor({ command: '/bin/sh', args: ['-c', words] })
    const handle = await startedHandle(task)
    await eventually('the trap', async () => ((await readOutput(task.paths.stdoutPath)) === '' ? undefined : true))
    await driver.stop(handle, undefined, 20_000)
    expect(await driver.wait(handle, nobody)).toMatchObject({ exitCode: 7 })
    expect(await readOutput(task.paths.stdoutPath)).toBe('ready\ninterrupted\n')
    await driver.destroy(handle)
  })

  it('ends a program that does nothing about signals, by the signal and not after the timeout', async () => {
    const handle = await startedHandle(await taskFor({ command: 'sleep', args: ['1000'] }))
    await driver.stop(handle, undefined, 600_000)
    expect(await driver.wait(handle, nobody)).toMatchObject({ signal: 2 })
    await driver.destroy(handle)
  })
})

const mountinfo = readFileSync('/proc/self/mountinfo', 'utf8')
const groupRoot = groupRootAmong(parseMounts(mountinfo))
const freezerRoot = groupRootAmong(parseMounts(mountinfo.replaceAll(' - cgroup2 ', ' - other ')))

/** Root may make control groups, unless it is the root of a container that must not. */
const canMakeGroups = (): boolean => {
  const probe = join(groupRoot ?? '/nowhere', `muster-test-${process.pid}`)
  try {
    mkdirSync(probe)
    rmdirSync(probe)
    return true
  } catch {
    console.warn('NOT TESTED: control groups of raw_exec tasks, because this user cannot make any')
    return false
  }
}

/** The control groups that are there for a start. */
const groupsLeft = (handle: TaskHandle): readonly string[] =>
  [join(groupRoot ?? '/nowhere', 'muster', startKey(handle.id))].filter(directory => existsSync(directory))

describe('a process', () => {
  it('is read out of its line whatever its name', () => {
    const rest = Array.from({ length: 40 }, (_, index) => String(index + 4)).join(' ')
    expect(parseStat(`12 (a) b (c) S ${rest}`)).toEqual({ pid: 12, state: 'S', startTicks: '22' })
    expect(parseStat('nonsense')).toBeUndefined()
  })

  it('that only has the number of a former task is neither adopted nor signalled', async () => {
    const handle = await startedHandle(await taskFor({ command: 'sleep', args: ['1000'] }))
    const state = processesOf(handle)
    if (state === undefined) throw new Error('the handle names no processes')
    const earlier = (identity: ProcessIdentity): ProcessIdentity => ({
      ...identity,
      startTicks: String(Number(identity.startTicks) - 1),
    })
    const former = { ...state, task: earlier(state.task), holder: earlier(state.holder) }
    const stale: TaskHandle = { ...handle, id: `${handle.id}-former`, state: former }
    expect(await driver.recover(stale)).toBe('gone')
    await driver.stop(stale, 'SIGKILL', 1_000)
    await expect(driver.signal(stale, 'SIGKILL')).rejects.toMatchObject({ code: 'DRIVER_FAILED' })
    expect(await driver.recover(handle)).toBe('running')
  })

  it('of an earlier boot of the machine is gone', async () => {
    const handle = await startedHandle(await taskFor({ command: 'sleep', args: ['1000'] }))
    const before: Json = { ...processesOf(handle), bootId: 'an earlier one' }
    expect(await driver.recover({ ...handle, state: before })).toBe('gone')
    expect(await driver.wait({ ...handle, state: before }, nobody)).toMatchObject({
      error: expect.stringContaining('is not known'),
    })
  })

  it('whose holder was killed runs on, and its end is noticed though not how', async () => {
    const task = await taskFor({
      command: 'sh',
      args: ['-c', 'while [ ! -e "$NOMAD_ALLOC_DIR/go" ]; do sleep 0.05; done'],
    })
    const handle = await startedHandle(task)
    const holder = processesOf(handle)?.holder.pid ?? 0
    process.kill(holder, 'SIGKILL')
    expect(await driver.recover(handle)).toBe('running')
    await writeFile(join(task.paths.allocDir, 'go'), '')
    expect(await driver.wait(handle, nobody)).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('not known'),
    })
  })
})

describe('a command', () => {
  it('is looked up in the task’s directory, then in its local one, then along PATH', async () => {
    const task = await taskFor({ command: 'hostname' })
    await script(join(task.paths.localDir, 'hostname'), 'echo from local')
    expect(await outputOf(task)).toBe('from local\n')
    const other = await taskFor({ command: 'hostname' })
    await script(join(other.paths.localDir, 'hostname'), 'echo from local')
    await script(join(other.paths.taskDir, 'hostname'), 'echo from the task')
    expect(await outputOf(other)).toBe('from the task\n')
  })

  it.each([
    ['nowhere-to-be-found', 'command "nowhere-to-be-found" was not found'],
    ['local/plain', 'command "local/plain" was not found, or is not executable'],
    ['/', 'command "/" was not found'],
  ])('%j cannot be started, for good', async (command, message) => {
    const task = await taskFor({ command })
    await writeFile(join(task.paths.localDir, 'plain'), 'no program')
    const result = await start(task)
    expect(result).toMatchObject({ kind: 'failed', isRecoverable: false })
    expect(result.kind === 'failed' && result.message).toContain(message)
  })

  it('starts in the task’s directory, or in work_dir', async () => {
    const task = await taskFor({ command: 'pwd' })
    expect(await outputOf(task)).toBe(`${task.paths.taskDir}\n`)
    const local = await taskFor({ command: 'pwd', work_dir: 'local' })
    expect(await outputOf(local)).toBe(`${local.paths.localDir}\n`)
    expect(await start(await taskFor({ command: 'pwd', work_dir: 'nope' }))).toMatchObject({
      kind: 'failed',
      message: expect.stringContaining('is not a directory'),
    })
  })

  it('gets its arguments to the letter', async () => {
    const args = ['%s|', "it's", '"$HOME"', '', 'two\nlines', '\\n', '*', 'ünï']
    expect(await outputOf(await taskFor({ command: 'printf', args }))).toBe(
      args
        .slice(1)
        .map(arg => `${arg}|`)
        .join(''),
    )
  })

  it('may not run as another user yet', async () => {
    const result = await start(await taskFor({ command: 'true' }, { user: 'nobody' }))
    expect(result).toMatchObject({ kind: 'failed', message: expect.stringContaining('"nobody"') })
  })
})

describe('the environment', () => {
  it('holds the agent’s own variables except its credentials', async () => {
    process.env['MUSTER_TEST_SECRET'] = 'agent'
    process.env['AWS_SECRET_ACCESS_KEY'] = 'agent'
    process.env['PLAIN_OF_AGENT'] = 'agent'
    const printed = await outputOf(await taskFor({ command: 'env' }, { env: { 'odd-name': 'odd', EMPTY: '' } }))
    delete process.env['MUSTER_TEST_SECRET']
    delete process.env['AWS_SECRET_ACCESS_KEY']
    delete process.env['PLAIN_OF_AGENT']
    const lines = printed.split('\n')
    expect(lines).toEqual(expect.arrayContaining(['PLAIN_OF_AGENT=agent', 'odd-name=odd', 'EMPTY=']))
    expect(printed).not.toMatch(/MUSTER_TEST_SECRET|AWS_SECRET_ACCESS_KEY/)
  })

  it('is in no file once the task runs, and never on a command line', async () => {
    const task = await taskFor({ command: 'sleep', args: ['1000'] }, { env: { TOKEN: 'very-secret-value' } })
    const handle = await startedHandle(task)
    const starts = join(root, 'state/raw_exec/starts')
    await eventually('the start’s program to be emptied', async () => {
      const texts: string[] = []
      for (const key of await readdir(starts)) {
        for (const name of await readdir(join(starts, key))) {
          if (!['out', 'err'].includes(name)) texts.push(await readFile(join(starts, key, name), 'utf8'))
        }
      }
      return texts.join().includes('very-secret-value') ? undefined : true
    })
    const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name))
    const commands = await Promise.all(pids.map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
    expect(commands.join()).not.toContain('very-secret-value')
    await driver.destroy(handle)
  })
})

describe('a process that hides', () => {
  /** Starts a task whose child leaves its parent, its session and its environment behind; answers the child's number. */
  const startHiding = async (): Promise<{ readonly handle: TaskHandle; readonly hidden: number }> => {
    const program = 'env -i setsid sh -c \'trap "" TERM; echo $$ >&3; while :; do sleep 1000; done\' &'
    const task = await taskFor({
      command: 'sh',
      args: ['-c', `exec 3>"$NOMAD_ALLOC_DIR/hidden"; (${program}); exec 3>&-; sleep 1000`],
    })
    const handle = await startedHandle(task)
    const hidden = await eventually('the hidden process', async () => {
      const text = await readFile(join(task.paths.allocDir, 'hidden'), 'utf8').catch(() => '')
      return text.endsWith('\n') ? Number(text) : undefined
    })
    return { handle, hidden }
  }

  const isThere = async (pid: number): Promise<boolean> => {
    const found = parseStat(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ''))
    return found !== undefined && found.state !== 'Z'
  }

  const hasGroups = canMakeGroups()
  if (!hasGroups && process.env['CI'] === 'true') throw new Error('no control groups can be made here to test')

  it.runIf(hasGroups)('is found by its control group and ended with its task', async () => {
    const { handle, hidden } = await startHiding()
    expect(await isThere(hidden)).toBe(true)
    await driver.stop(handle, 'SIGTERM', 10_000)
    expect(await isThere(hidden)).toBe(false)
    await driver.destroy(handle)
    expect(groupsLeft(handle)).toEqual([])
  })

  it.runIf(hasGroups)('is ended by a sweep, though its task was killed by somebody else', async () => {
    const { handle, hidden } = await startHiding()
    process.kill(processesOf(handle)?.task.pid ?? 0, 'SIGKILL')
    await driver.wait(handle, nobody)
    await driver.sweep(labels, new Set())
    expect(await isThere(hidden)).toBe(false)
    expect(groupsLeft(handle)).toEqual([])
  })

  it.runIf(hasGroups)('counts in what its task uses', async () => {
    const program = `env -i setsid sh -c 'while :; do :; done' & sleep 1000`
    const handle = await startedHandle(await taskFor({ command: 'sh', args: ['-c', program] }))
    await eventually('its processor time', async () => {
      const measured = await driver.capabilities.usage?.measure(handle)
      return (measured?.cpuMs ?? 0) > 50 ? true : undefined
    })
    await driver.destroy(handle)
  })
})

describe('control groups of the first version', () => {
  it.runIf(canMakeGroups() && freezerRoot !== undefined)('are frozen, then killed', async () => {
    const groups = createControlGroups(systemClock, false, async () => freezerRoot)
    const directory = await groups.make('a/frozen/1')
    if (directory === undefined) return expect.fail('no group was made')
    const program = `echo $$ >'${directory}/cgroup.procs'; while :; do sleep 0.01; done & while :; do sleep 0.01; done`
    const child = spawn('sh', ['-c', program], { detached: true, stdio: 'ignore' })
    const ended = new Promise<unknown>(resolve => child.once('exit', (_code, signal) => resolve(signal)))
    await eventually('several processes', async () =>
      (await groups.pidsOf('a/frozen/1')).length > 2 ? true : undefined,
    )
    expect(await groups.kill('a/frozen/1')).toBeGreaterThan(2)
    expect(await ended).toBe('SIGKILL')
    expect(await groups.pidsOf('a/frozen/1')).toEqual([])
    expect(await groups.timesOf('a/frozen/1')).toBeUndefined()
    await groups.removeForsaken(60_000)
    expect(existsSync(directory)).toBe(true)
    await groups.removeForsaken(0)
    expect(existsSync(directory)).toBe(false)
    await groups.remove('a/frozen/1')
    expect(await groups.kill('a/frozen/1')).toBe(0)
  })
})

describe('a task without a control group', () => {
  it('has its children ended too, in other sessions as well, as long as they keep its variable', async () => {
    const options = { enabled: true, no_cgroups: true }
    const stateDir = join(root, 'no-groups')
    const without = createRawExecDriver({ stateDir, options, clock: systemClock, logger: silentLogger })
    const task = await taskFor({ command: 'sh', args: ['-c', shellProgram({ kind: 'run-with-children' })] })
    const result = await without.start(task, () => {}, nobody)
    if (result.kind === 'failed') return expect.fail(result.message)
    await eventually('the children', async () =>
      (await readOutput(task.paths.stdoutPath)).includes('ready') ? true : undefined,
    )
    expect(groupsLeft(result.handle)).toEqual([])
    await without.destroy(result.handle)
    const left = (await processesWithVariables('MUSTER_TASK_START')).filter(
      ({ values }) => values.get('MUSTER_TASK_START') === task.id,
    )
    expect(left).toEqual([])
    await without.close()
  })
})

describe('raw_exec', () => {
  it('is not there unless it is turned on', async () => {
    const off = createRawExecDriver({
      stateDir: join(root, 'off'),
      options: {},
      clock: systemClock,
      logger: silentLogger,
    })
    expect(await off.fingerprint()).toMatchObject({ isDetected: false, message: expect.stringContaining('enabled') })
  })
})
