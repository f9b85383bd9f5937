import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { eventually } from './eventually.ts'

/** Tools of the machine that make real faults; each test says loudly when one of them is not there. */

const has = (command: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const missing = (what: string, purpose: string): false => {
  if (process.env['CI'] === 'true') throw new Error(`${purpose} needs ${what}, which is not here`)
  process.stderr.write(`NOT TESTED: ${purpose}, which needs ${what}\n`)
  return false
}

const FAKETIME_LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1',
  '/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1',
]

export const fakeTimeLibrary = (purpose: string): string | false =>
  FAKETIME_LIBRARIES.find(path => existsSync(path)) ?? missing("Debian's package faketime", purpose)

export const hasStrace = (purpose: string): boolean =>
  (has('strace') && process.getuid?.() === 0) || missing('strace and root', purpose)

export const canMount = (purpose: string): boolean =>
  (process.platform === 'linux' && process.getuid?.() === 0) || missing('Linux and root', purpose)

export type Disk = { readonly fill: () => void; readonly empty: () => void; readonly unmount: () => void }

/** A disk of its own at `path`, in memory, of so many bytes. */
export const mountDisk = (path: string, bytes: number): Disk => {
  mkdirSync(path, { recursive: true })
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path])
  const filler = `${path}/filler`
  return {
    // dd ends with an error when there is no more room, which is what is wanted.
    fill: () => execFileSync('sh', ['-c', `dd if=/dev/zero of=${filler} bs=4096 2>/dev/null; true`]),
    empty: () => execFileSync('rm', ['-f', filler]),
    unmount: () => execFileSync('umount', ['-l', path]),
  }
}

export type Injection = { readonly stop: () => Promise<void> }

/** Makes system calls of a process that runs fail or wait, as `strace -e inject=` has it, until it is stopped. */
export const inject = async (pid: number, rule: string): Promise<Injection> => {
  const [calls = ''] = rule.split(':')
  const tracer: ChildProcess = spawn(
    'strace',
    ['-f', '-q', '-p', String(pid), '-e', `trace=${calls}`, '-e', `inject=${rule}`, '-o', '/dev/null'],
    { stdio: 'ignore' },
  )
  const ended = new Promise<void>(resolve => {
    tracer.once('exit', () => resolve())
  })
  const tracerOf = (): string =>
    execFileSync('sh', ['-c', `cat /proc/${pid}/task/*/status | grep TracerPid | sort -u`], { encoding: 'utf8' })
  await eventually('strace at all threads', async () => (/:\s+0$/m.test(tracerOf()) ? undefined : true))
  return {
    stop: async () => {
      tracer.kill('SIGTERM')
      await ended
    },
  }
}
