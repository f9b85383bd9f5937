import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { plants } from './planted/plants.ts'
import { regressions } from './regressions.ts'
import { DEFAULT_TICKS, simulate } from './simulate.ts'

const SEEDS = 200
const MAX_PROCESSES = 4

type Run = { readonly exitCode: number; readonly output: string }

/** Runs seeds in a process of their own, by the very command that replays one. */
const runSeeds = (first: number, count: number, ticks: number): Promise<Run> =>
  new Promise((resolve, reject) => {
    const program = join(import.meta.dirname, 'run.ts')
    const args = ['--import', 'tsx', program, '--seed', `${first}`, '--count', `${count}`, '--ticks', `${ticks}`]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
    })
    child.on('error', reject)
    child.on('close', code => resolve({ exitCode: code ?? 1, output }))
  })

const failuresIn = (output: string): string =>
  output
    .split('\n')
    .filter(line => !/^seed \d+: ok/.test(line))
    .join('\n')

const logHashIn = ({ output }: Run): string | undefined => /log ([0-9a-f]+)/.exec(output)?.[1]

describe('a planted bug', () => {
  it.each(plants)('finds its place: $name', ({ file, find }) => {
    const source = readFileSync(join(import.meta.dirname, '..', '..', file), 'utf8')
    expect(source.split(find)).toHaveLength(2)
  })
})

describe('the simulated cluster', () => {
  it(`keeps its promises over ${SEEDS} seeds`, async () => {
    const processes = Math.min(MAX_PROCESSES, availableParallelism())
    const share = Math.ceil(SEEDS / processes)
    const starts = Array.from({ length: processes }, (_, index) => 1 + index * share)
    const runs = await Promise.all(
      starts.map(first => runSeeds(first, Math.min(share, SEEDS - first + 1), DEFAULT_TICKS)),
    )
    const outputs = runs.map(({ output }) => output).join('')
    expect(outputs.match(/^seed \d+: ok/gm)?.length, failuresIn(outputs)).toBe(SEEDS)
    expect(runs.map(({ exitCode }) => exitCode)).toEqual(starts.map(() => 0))
  })

  it('keeps them where they once were broken', async () => {
    for (const { seed, ticks, found } of regressions) {
      expect((await simulate(seed, { ticks })).failure, `seed ${seed}: ${found}`).toBeNull()
    }
  })

  it('writes the same log for the same seed, in every process, and another for another', async () => {
    const [first, again, other] = [
      await simulate(3, { ticks: 100 }),
      await simulate(3, { ticks: 100 }),
      await simulate(4, { ticks: 100 }),
    ]
    expect(again.logHash).toBe(first.logHash)
    expect(other.logHash).not.toBe(first.logHash)
    // Not compared with those of this process: what the engine says of an error names variables as they are called here.
    const hashes = (await Promise.all([runSeeds(3, 1, 100), runSeeds(3, 1, 100)])).map(logHashIn)
    expect(hashes[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(hashes[1]).toBe(hashes[0])
  })
})
