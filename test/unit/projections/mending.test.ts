import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { applyEvent, emptyCluster, noChanges } from '../../../src/domain/cluster/index.ts'
import type { Recorded } from '../../../src/domain/events.ts'
import { nodeStream } from '../../../src/domain/streams.ts'
import { systemClock, untilAborted } from '../../../src/platform/clock.ts'
import { type Logger, silentLogger } from '../../../src/platform/logger.ts'
import { seededRandom } from '../../../src/platform/random.ts'
import { createMendingReadModel } from '../../../src/projections/mending.ts'
import { eventually } from '../../support/eventually.ts'
import { nodeRegistered, openReadModel } from '../../support/history.ts'
import { writeWeb } from '../../support/web-history.ts'

let folder: string
let path: string
const opened: { readonly close: () => void }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'muster-mending-'))
  path = join(folder, 'views.db')
})
afterEach(() => {
  for (const model of opened.splice(0)) model.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Time passes at once, so that attempts follow each other. */
const impatient = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(1, run) }

/** A live fold with a read model that mends itself, over a log that a test lengthens. */
const createLive = (log: Recorded[], lines: string[] = []) => {
  const logger: Logger = {
    ...silentLogger,
    error: (_, message) => lines.push(message),
    warn: (_, message) => lines.push(message),
  }
  const state = emptyCluster()
  let folded = 0
  async function* replay(signal: AbortSignal): AsyncGenerator<readonly Recorded[]> {
    yield log.slice(0, folded)
    await untilAborted(signal)
  }
  const model = createMendingReadModel({ path, clock: impatient, random: seededRandom(1), logger, replay })
  opened.push(model)
  const follow = (): void => {
    for (const event of log.slice(folded)) {
      const changes = noChanges()
      applyEvent(state, event, changes)
      folded += 1
      model.apply(event, state, changes)
    }
    model.endBatch(state.position)
  }
  return {
    model,
    state,
    follow,
    lines,
    mended: () => eventually('views that follow', async () => (model.trouble() === null ? true : undefined)),
  }
}

const rowsOf = (events: readonly Recorded[]) => {
  const fresh = openReadModel()
  fresh.follow(events)
  const rows = fresh.model.dump()
  fresh.model.close()
  return rows
}

/** Overwrites the middle of every page but the first, as a failing disk would. */
const damage = (): void => {
  const size = statSync(path).size
  const file = openSync(path, 'r+')
  for (let at = 4_096; at < size; at += 4_096) writeSync(file, Buffer.alloc(256, 0xff), 0, 256, at)
  closeSync(file)
}

const writeViews = (events: readonly Recorded[]): void => {
  const before = openReadModel(path)
  before.follow(events)
  before.model.close()
}

describe('damaged views (F15)', () => {
  it.each([
    ['overwritten from its start', () => writeFileSync(path, Buffer.alloc(20_000, 7))],
    ['damaged in every page', damage],
    ['cut off', () => writeFileSync(path, readFileSync(path).subarray(0, 6_000))],
  ])('whose file was %s are removed and built anew', async (_what, spoil) => {
    const { events } = writeWeb().history
    writeViews(events)
    spoil()
    const live = createLive([...events])
    live.follow()
    // Damage shows when its page is read: here everything is.
    const rows = await eventually('rows that can be read', async () => {
      try {
        return live.model.dump()
      } catch (error) {
        expect(error).toMatchObject({ code: 'VIEW_LAGGING' })
        return undefined
      }
    })
    await live.mended()
    expect(rows).toEqual(rowsOf(events))
    expect(live.lines.length).toBeGreaterThan(0)
  })
})

describe('an event that the views cannot take (F18)', () => {
  it('stops them alone, before it, with its name and place, and they are tried again', async () => {
    const { history } = writeWeb()
    const poison = nodeRegistered('poisoned', { name: {} as unknown as string })
    history.record(nodeStream('poisoned'), poison)
    const log = [...history.events]
    const live = createLive(log)
    live.follow()
    const trouble = live.model.trouble()
    expect(trouble?.event).toBe(`NodeRegistered at position ${log.at(-1)?.position}`)
    expect(live.model.position()).toBeLessThan(log.at(-1)?.position ?? 0)
    expect(live.state.nodes.size).toBeGreaterThan(1)
    await eventually('a second attempt', async () => (live.lines.length > 1 ? true : undefined))
    history.record(nodeStream('sound'), nodeRegistered('sound'))
    log.push(...history.events.slice(log.length))
    live.follow()
    expect(live.model.trouble()).not.toBeNull()
    expect(existsSync(path)).toBe(true)
  })
})
