import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { removeTree } from '../../src/platform/mounts.ts'
import { createApi } from '../../src/protocol/sdk.ts'
import { eventually } from '../support/eventually.ts'
import { startAgent, type TestAgent } from '../support/muster.ts'
import { slopeOf } from './slope.ts'

/**
 * `npm run soak -- [--minutes N] [--gc-minutes M] [--keep 2m]`: one agent over a data directory with a periodic job that runs every
 * second, looked at once a minute. Prints a line a minute and the slopes at the end; `--gc-minutes` asks for a collection
 * that often; `--keep` has what ended forgotten after so long, not after hours, to see that what a day brings is bounded. A program, not a
 * test: whoever runs it judges the figures.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    'gc-minutes': { type: 'string', default: '0' },
    keep: { type: 'string', default: '' },
  },
})
const minutes = Number(values.minutes)
const gcMinutes = Number(values['gc-minutes'])

const MINUTE_MS = 60_000
const KIB_PER_MIB = 1_024
const BYTES_PER_MIB = 1_048_576
/** Caches fill and code is compiled at first: slopes are taken of what comes after. */
const WARM_UP_MINUTES = Math.min(10, Math.floor(minutes / 4))

const job = `job "soak" {
  type = "batch"
  periodic {
    crons            = ["* * * * * * *"]
    prohibit_overlap = false
  }
  group "g" {
    task "t" {
      driver = "raw_exec"
      config {
        command = "/bin/true"
      }
      resources {
        cpu    = 20
        memory = 20
      }
    }
  }
}
`

type Probe = {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly heapUsed: number
  readonly external: number
}

type Sample = {
  readonly minute: number
  readonly rssMb: number
  readonly heapMb: number
  readonly externalMb: number
  readonly fds: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly logMb: number
  readonly viewsMb: number
  readonly stateMb: number
  readonly eventsPerS: number
  readonly cpuPercent: number
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0

const bytesBelow = (directory: string): number =>
  readdirSync(directory, { withFileTypes: true, recursive: true }).reduce(
    (sum, entry) => sum + (entry.isFile() ? sizeOf(join(entry.parentPath, entry.name)) : 0),
    0,
  )

const rssMbOf = (pid: number): number => {
  const [, kib = '0'] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kib) / KIB_PER_MIB
}

const TICKS_PER_S = 100
const cpuSecondsOf = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S
}

const folder = mkdtempSync(join(tmpdir(), 'muster-soak-'))
const dataDir = join(folder, 'data')
const probePath = join(folder, 'probe.json')

const readProbe = async (agent: TestAgent): Promise<Probe> => {
  rmSync(probePath, { force: true })
  agent.process.kill('SIGUSR2')
  await eventually('the probe', async () => (sizeOf(probePath) > 0 ? true : undefined))
  return JSON.parse(readFileSync(probePath, 'utf8')) as Probe
}

const createSampler = (agent: TestAgent) => {
  const api = createApi({ address: `http://127.0.0.1:${agent.port}` })
  const pid = agent.process.pid ?? 0
  let last = { atMs: performance.now(), position: -1, cpuS: cpuSecondsOf(pid) }
  return async (minute: number): Promise<Sample> => {
    const { position } = await api.query<{ readonly position: number }>('{ position }')
    const now = { atMs: performance.now(), position, cpuS: cpuSecondsOf(pid) }
    const seconds = (now.atMs - last.atMs) / 1_000
    const probe = await readProbe(agent)
    const sample: Sample = {
      minute,
      rssMb: rssMbOf(pid),
      heapMb: probe.heapUsed / BYTES_PER_MIB,
      externalMb: probe.external / BYTES_PER_MIB,
      fds: readdirSync(`/proc/${pid}/fd`).length,
      p50Ms: probe.p50Ms,
      p99Ms: probe.p99Ms,
      maxMs: probe.maxMs,
      logMb:
        (sizeOf(join(dataDir, 'server/events.db')) + sizeOf(join(dataDir, 'server/events.db-wal'))) / BYTES_PER_MIB,
      viewsMb:
        (sizeOf(join(dataDir, 'server/views.db')) + sizeOf(join(dataDir, 'server/views.db-wal'))) / BYTES_PER_MIB,
      stateMb: bytesBelow(join(dataDir, 'client')) / BYTES_PER_MIB,
      eventsPerS: (now.position - last.position) / seconds,
      cpuPercent: (100 * (now.cpuS - last.cpuS)) / seconds,
    }
    last = now
    return sample
  }
}

const columns = [
  'minute',
  'rssMb',
  'heapMb',
  'externalMb',
  'fds',
  'p50Ms',
  'p99Ms',
  'maxMs',
  'logMb',
  'viewsMb',
  'stateMb',
  'eventsPerS',
  'cpuPercent',
] as const
const shown = (sample: Sample): string =>
  columns
    .map(name => (name === 'minute' || name === 'fds' ? String(sample[name]) : sample[name].toFixed(1)).padStart(10))
    .join('')

const printSlopes = (samples: readonly Sample[]): void => {
  const kept = samples.filter(({ minute }) => minute >= WARM_UP_MINUTES)
  say(`slopes an hour, minutes ${WARM_UP_MINUTES} to ${minutes}:`)
  for (const name of ['rssMb', 'heapMb', 'fds', 'p99Ms', 'logMb', 'viewsMb', 'stateMb'] as const) {
    const perHour = 60 * slopeOf(kept.map(sample => ({ x: sample.minute, y: sample[name] })))
    const base = kept[0]?.[name] ?? 0
    const share = base === 0 ? '' : ` (${((100 * perHour) / base).toFixed(1)} % of ${base.toFixed(1)})`
    say(`  ${name.padEnd(10)} ${perHour.toFixed(2).padStart(10)}${share}`)
  }
}

const pause = (ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, ms)
  })

/** What makes the agent collect after `keep`, and look for it as often. */
const collecting = (keep: string): readonly string[] => {
  if (keep === '') return []
  const names = ['job_gc_threshold', 'eval_gc_threshold', 'batch_eval_gc_threshold', 'job_gc_interval']
  const path = join(folder, 'collecting.hcl')
  writeFileSync(path, `server {\n${names.map(name => `  ${name} = "${keep}"\n`).join('')}}\n`)
  return ['-config', path]
}

const main = async (): Promise<void> => {
  const agent = await startAgent(['-data-dir', dataDir, ...collecting(values.keep)], undefined, {
    preload: [join(import.meta.dirname, 'probe.cjs')],
    env: { MUSTER_SOAK_PROBE: probePath },
  })
  const stop = async (): Promise<void> => {
    await agent.muster(['job', 'stop', '-purge', '-detach', 'soak'])
    await agent.stop()
    await removeTree(folder)
  }
  process.once('SIGINT', () => void stop().then(() => process.exit(1)))
  writeFileSync(join(folder, 'soak.nomad.hcl'), job)
  const run = await agent.muster(['job', 'run', '-detach', 'soak.nomad.hcl'], folder)
  if (run.code !== 0) throw new Error(`the job was not taken: ${run.stdout}${run.stderr}`)
  say(`agent ${agent.process.pid} on port ${agent.port}, data in ${dataDir}, ${minutes} minutes`)
  say(columns.map(name => name.padStart(10)).join(''))
  const sample = createSampler(agent)
  const samples: Sample[] = []
  const startedAt = performance.now()
  for (let minute = 0; minute <= minutes; minute += 1) {
    await pause(Math.max(0, startedAt + minute * MINUTE_MS - performance.now()))
    try {
      const one = await sample(minute)
      samples.push(one)
      say(shown(one))
    } catch (error) {
      // A machine that is too busy to answer is no reason to give up an hour's run.
      say(`${String(minute).padStart(10)} no sample: ${error instanceof Error ? error.message : String(error)}`)
    }
    if (gcMinutes > 0 && minute % gcMinutes === gcMinutes - 1) await agent.muster(['system', 'gc'])
  }
  printSlopes(samples)
  await stop()
}

await main()
