import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { removeTree } from '../../src/platform/mounts.ts'
import { eventually } from '../support/eventually.ts'
import { openGraphqlSocket } from '../support/graphql-socket.ts'
import { freePort, startAgent, type TestAgent } from '../support/muster.ts'

/** A subscriber that was cut off, its server killed and started again in between, gets the same list as one that was not. */
type Seen = { readonly position: number; readonly id: string }

const query = 'subscription($after: Position) { events(after: $after) { position events { position id } } }'

/** Reads what a subscription from `after` says until it has reached `until`. */
const readFrom = async (port: number, after: number, until: number): Promise<readonly Seen[]> => {
  const socket = await openGraphqlSocket(port)
  const seen: Seen[] = []
  socket.subscribe('s', query, { after })
  while ((seen.at(-1)?.position ?? after) < until) {
    const message = await socket.next(candidate => candidate.type === 'next')
    seen.push(...(message.payload.data.events.events as readonly Seen[]))
  }
  socket.socket.close()
  return seen
}

let agent: TestAgent | undefined
let folder = ''
afterEach(async () => {
  await agent?.stop()
  await removeTree(folder)
})

const headOf = async (running: TestAgent): Promise<number> => {
  const reply = await fetch(`http://127.0.0.1:${running.port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ __typename }' }),
  })
  const { extensions } = (await reply.json()) as { readonly extensions: { readonly position: number } }
  return extensions.position
}

describe('a subscriber', () => {
  it('resumes after its server was killed with the list that an undisturbed one gets', async () => {
    folder = mkdtempSync(join(tmpdir(), 'muster-subscriber-'))
    const dataDir = join(folder, 'data')
    const port = await freePort()
    let running = await startAgent(['-data-dir', dataDir], port)
    agent = running
    writeFileSync(
      join(folder, 'tick.nomad.hcl'),
      'job "tick" {\n  type = "batch"\n  periodic {\n    cron = "0/1 * * * * * *"\n  }\n  group "g" {\n    task "t" {\n      driver = "mock"\n      config {\n        run_for = "100ms"\n      }\n    }\n  }\n}\n',
    )
    const run = await running.muster(['job', 'run', 'tick.nomad.hcl'], folder)
    expect(run).toMatchObject({ code: 0 })
    const first = await eventually('some events', async () =>
      (await headOf(running)) > 12 ? headOf(running) : undefined,
    )
    const before = await readFrom(port, -1, first)
    const lastSeen = before.at(-1)?.position ?? -1
    await running.kill()
    running = await startAgent(['-data-dir', dataDir], port)
    agent = running
    const later = await eventually('more events', async () =>
      (await headOf(running)) > lastSeen + 12 ? headOf(running) : undefined,
    )
    const after = await readFrom(port, lastSeen, later)
    const undisturbed = await readFrom(port, -1, later)
    const resumed = [...before, ...after].filter(event => event.position <= later)
    expect(resumed).toEqual(undisturbed.filter(event => event.position <= later))
    await running.muster(['job', 'stop', '-purge', '-children', 'tick'])
  })
})
