import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Plant, plants } from './planted/plants.ts'

/**
 * Plants one bug after the other in copies of the source and runs seeds over each until one fails:
 * `npm run sim:planted -- [--seeds N] [--only WORD,WORD] [--processes N]`. Says for each how it was caught, or that it was missed. Ends with 1
 * when the source without a bug fails, since nothing is proved then; a missed bug is a finding, not an error.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '40' },
    only: { type: 'string', default: '' },
    /** How many run at once. */
    processes: { type: 'string', default: String(availableParallelism()) },
  },
})

const root = join(import.meta.dirname, '..', '..')
/** A run that says nothing for longer hangs, which is noticed too. */
const HANGS_AFTER_MS = 180_000

type Verdict = { readonly kind: 'passed' } | { readonly kind: 'caught'; readonly how: string }

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const copyOf = (source: string): string => {
  const directory = mkdtempSync(join(tmpdir(), 'muster-planted-'))
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json']) {
    cpSync(join(source, name), join(directory, name), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  return directory
}

const run = (directory: string): Promise<Verdict> =>
  new Promise((resolve, reject) => {
    const args = ['--import', 'tsx', join(directory, 'test/sim/run.ts'), '--bail', '--count', values.seeds]
    const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let isHanging = false
    const timer = setTimeout(() => {
      isHanging = true
      child.kill('SIGKILL')
    }, HANGS_AFTER_MS)
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8')
        timer.refresh()
      })
    }
    child.on('error', reject)
    child.on('close', code => {
      clearTimeout(timer)
      if (code === 0) return resolve({ kind: 'passed' })
      if (isHanging) return resolve({ kind: 'caught', how: `hangs for ${HANGS_AFTER_MS / 1_000} s` })
      const [, seed = '?', why = output.trim().split('\n').at(-1)] = /seed (\d+): FAILED.*\n\s*(.*)/.exec(output) ?? []
      const more = why?.endsWith(':') === true ? (/\n {2}((?:L|node ).*)/.exec(output)?.[1] ?? '') : ''
      resolve({ kind: 'caught', how: `seed ${seed}: ${why} ${more}`.trim() })
    })
  })

const withPlant = async (directory: string, plant: Plant): Promise<Verdict> => {
  const path = join(directory, plant.file)
  const source = readFileSync(path, 'utf8')
  const places = source.split(plant.find).length - 1
  if (places !== 1)
    throw new Error(`the plant "${plant.name}" finds its text ${places} times in ${plant.file}, not once`)
  writeFileSync(
    path,
    source.replace(plant.find, () => plant.replace),
  )
  try {
    return await run(directory)
  } finally {
    writeFileSync(path, source)
  }
}

/** What the plants go into is what was seen to be sound, whatever is edited meanwhile. */
const clean = copyOf(root)
const words = values.only.split(',')
const chosen = plants.filter(({ name, file }) => words.some(word => `${name} ${file}`.includes(word)))
const waiting = [...chosen]
const missed: string[] = []

const work = async (): Promise<void> => {
  const directory = copyOf(clean)
  try {
    for (let plant = waiting.shift(); plant !== undefined; plant = waiting.shift()) {
      const verdict = await withPlant(directory, plant)
      if (verdict.kind === 'passed') missed.push(plant.name)
      say(
        `${verdict.kind === 'passed' ? 'MISSED' : 'caught'}  ${plant.name}${verdict.kind === 'passed' ? '' : `\n          ${verdict.how}`}`,
      )
    }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const soundness = await run(clean)
if (soundness.kind === 'caught') {
  say(`the source fails without a planted bug: ${soundness.how}`)
  process.exitCode = 1
} else {
  await Promise.all(Array.from({ length: Math.min(Number(values.processes), chosen.length) }, work))
  say(`${chosen.length - missed.length} of ${chosen.length} planted bugs were caught within ${values.seeds} seeds`)
  for (const name of missed) say(`  missed: ${name}`)
}
rmSync(clean, { recursive: true, force: true })
