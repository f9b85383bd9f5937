import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { schemaOf } from '../../src/domain/events.ts'
import { STATE_CATEGORIES } from '../../src/domain/streams.ts'
import { categoryOf, type RecordedEvent } from '../../src/eventstore/port.ts'
import { simulate } from '../sim/simulate.ts'
import { digestOf, foldHistory, parseHistory } from './fold-history.ts'

/**
 * Records the history of a release: `tsx test/histories/record.ts`. Of many simulated runs of the real code it keeps the
 * one whose log has the most types of events and fits, with digests of what is folded from it. A history that stands is
 * never written again: it is what that release wrote.
 */
const MAX_HISTORY_BYTES = 200_000
const SEEDS = 150
const TICKS = 70

const typesIn = (events: readonly RecordedEvent[]): number => new Set(events.map(({ type }) => type)).size

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'package.json'), 'utf8')) as {
  readonly version: string
}

let best: { readonly seed: number; readonly text: string; readonly events: readonly RecordedEvent[] } | null = null
for (let seed = 1; seed <= SEEDS; seed++) {
  const { failure, log } = await simulate(seed, { ticks: TICKS })
  const events = log.filter(({ stream }) => STATE_CATEGORIES.includes(categoryOf(stream)))
  const text = events.map(event => `${JSON.stringify(event)}\n`).join('')
  if (failure !== null || text.length > MAX_HISTORY_BYTES) continue
  if (best === null || typesIn(events) > typesIn(best.events)) best = { seed, text, events }
}
if (best === null) throw new Error(`none of ${SEEDS} runs fits into ${MAX_HISTORY_BYTES} bytes`)

const missing = Object.keys(schemaOf).filter(type => !best.events.some(event => event.type === type))
const path = join(import.meta.dirname, version)
writeFileSync(`${path}.jsonl`, best.text, { flag: 'wx' })
const digests = digestOf(foldHistory(parseHistory(best.text)))
writeFileSync(`${path}.digests.json`, `${JSON.stringify(digests, null, 2)}\n`, { flag: 'wx' })
process.stdout.write(
  `seed ${best.seed}: ${best.events.length} events of ${typesIn(best.events)} types, ${best.text.length} bytes; not in it: ${missing.join(', ')}\n`,
)
