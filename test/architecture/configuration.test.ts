import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_CLIENT_LIMITS } from '../../src/agents/client/limits.ts'
import { DEFAULT_COLLECTION } from '../../src/agents/server/garbage-collector.ts'
import { DEFAULT_HEARTBEATS } from '../../src/agents/server/liveness.ts'
import { MAX_DYNAMIC_PORT, MIN_DYNAMIC_PORT } from '../../src/domain/limits.ts'
import { parseGoDuration } from '../../src/lang/goflags/index.ts'
import { orphans, renderConfigReference } from '../support/config-reference.ts'
import { readText, readTree, root } from '../support/source-tree.ts'

const page = 'docs/configuration.md'
const [start, end] = ['<!-- tables: made by test/architecture/configuration.test.ts -->', '<!-- end of tables -->']

describe(page, () => {
  const text = readText(page)

  it('has one place for the tables', () => {
    expect([text.split(start).length, text.split(end).length]).toEqual([2, 2])
  })

  /** `npx vitest run test/architecture/configuration.test.ts -u` writes the tables anew. */
  it('has the tables that the code gives', async () => {
    const [before = ''] = text.split(start)
    const [, after = ''] = text.split(end)
    const renewed = `${before}${start}\n\n${renderConfigReference()}\n\n${end}${after}`
    await expect(renewed).toMatchFileSnapshot(join(root, page))
  })

  it('tells no default of a name that is not read', () => {
    expect(orphans()).toEqual([])
  })

  const durations: Readonly<Record<string, number>> = {
    heartbeat_grace: DEFAULT_HEARTBEATS.graceMs,
    min_heartbeat_ttl: DEFAULT_HEARTBEATS.minTtlMs,
    eval_gc_threshold: DEFAULT_COLLECTION.evaluation,
    batch_eval_gc_threshold: DEFAULT_COLLECTION.batchEvaluation,
    job_gc_threshold: DEFAULT_COLLECTION.job,
    deployment_gc_threshold: DEFAULT_COLLECTION.deployment,
    node_gc_threshold: DEFAULT_COLLECTION.node,
    job_gc_interval: DEFAULT_COLLECTION.interval,
    max_kill_timeout: DEFAULT_CLIENT_LIMITS.maxKillTimeoutMs,
  }
  const numbers: Readonly<Record<string, number>> = {
    max_heartbeats_per_second: DEFAULT_HEARTBEATS.maxPerSecond,
    min_dynamic_port: MIN_DYNAMIC_PORT,
    max_dynamic_port: MAX_DYNAMIC_PORT,
    gc_max_allocs: DEFAULT_CLIENT_LIMITS.maxTerminalAllocations,
  }

  /** The default that the table of a name tells, without the words around it. */
  const told = (name: string): string =>
    new RegExp(`^\\| \`${name}\` \\|[^|]*\\| \`([^\`]+)\``, 'm').exec(text)?.[1] ?? `${name} is not told`

  it('tells the true defaults of those who act on them', () => {
    expect(Object.keys(durations).map(name => [name, parseGoDuration(told(name))])).toEqual(Object.entries(durations))
    expect(Object.keys(numbers).map(name => [name, Number(told(name))])).toEqual(Object.entries(numbers))
  })

  it('has every option of a driver that the driver acts on, and no other', () => {
    const sources = readTree('src/agents/client/drivers')
      .map(file => file.text)
      .join('\n')
    const asked = Array.from(
      sources.matchAll(/Option\(context(?:\.options)?, '(\w+)'/g),
      ([, name = '']) => name,
    ).toSorted()
    const tables = text.split('### ').filter(section => section.startsWith('`plugin'))
    const told = tables.flatMap(section =>
      Array.from(section.matchAll(/^\| `(\w+)` \|.*\| acted on \|$/gm), ([, name = '']) => name),
    )
    expect(told.toSorted()).toEqual(asked)
  })
})
