import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AllocationRunner } from '../../../../src/agents/client/alloc-runner.ts'
import { createAnswerer } from '../../../../src/agents/client/answer-request.ts'
import { createDiskDirectories } from '../../../../src/agents/client/directories.ts'
import { createFixedMachine } from '../../../../src/agents/client/fingerprint/machine.ts'
import { readPiece } from '../../../../src/agents/client/stream-file.ts'
import { createUsageMeter } from '../../../../src/agents/client/usage/usage-meter.ts'
import { silentLogger } from '../../../../src/platform/logger.ts'
import {
  type AgentMessage,
  MAX_LINK_BUFFER_BYTES,
  MAX_STREAM_CHUNK_BYTES,
} from '../../../../src/protocol/client-link.ts'
import { eventually } from '../../../support/eventually.ts'
import { createManualClock } from '../../../support/manual-clock.ts'

let root = ''
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-streams-'))
  await mkdir(join(root, 'a'))
})
afterEach(() => rm(root, { recursive: true, force: true }))

describe('a piece of a file', () => {
  it.each([
    [MAX_STREAM_CHUNK_BYTES - 1, MAX_STREAM_CHUNK_BYTES - 1],
    [MAX_STREAM_CHUNK_BYTES, MAX_STREAM_CHUNK_BYTES],
    [MAX_STREAM_CHUNK_BYTES + 1, MAX_STREAM_CHUNK_BYTES],
  ])('of a file of %i bytes has %i, whoever asks for more', async (size, wanted) => {
    await writeFile(join(root, 'file'), Buffer.alloc(size, 1))
    expect((await readPiece(root, ['file'], 0))?.length).toBe(wanted)
    expect((await readPiece(root, ['file'], 0, MAX_STREAM_CHUNK_BYTES * 2))?.length).toBe(wanted)
  })
})

describe('a file that is streamed to a server', () => {
  const begin = async (bufferedBytes: () => number) => {
    await writeFile(join(root, 'a', 'file'), 'content')
    const sent: AgentMessage[] = []
    const clock = createManualClock()
    // Of a runner the answer to this question takes its id and whether it is over.
    const runner = { id: 'a', isTerminal: () => true } as unknown as AllocationRunner
    const answerer = createAnswerer({
      clock,
      logger: silentLogger,
      directories: createDiskDirectories(root),
      runner: () => runner,
      runners: () => [],
      usage: createUsageMeter({ clock, machine: createFixedMachine(), drivers: [], coreMhz: () => 1_000 }),
      send: message => {
        sent.push(message)
        return true
      },
      bufferedBytes,
    })
    answerer.request(1, {
      kind: 'read',
      allocationId: 'a',
      path: '/file',
      origin: 'start',
      offset: 0,
      limitBytes: 100,
      follows: false,
    })
    const kinds = () => sent.flatMap(message => (message.kind === 'answer' ? [message.answer.kind] : []))
    return { clock, kinds }
  }

  it.each([MAX_LINK_BUFFER_BYTES - 1, MAX_LINK_BUFFER_BYTES])(
    'goes on while %i bytes wait on the link',
    async waiting => {
      const { kinds } = await begin(() => waiting)
      await eventually('the end', async () => (kinds().includes('end') ? true : undefined))
      expect(kinds()).toEqual(['data', 'end'])
    },
  )

  it('holds back while more waits, until there is room', async () => {
    let waiting = MAX_LINK_BUFFER_BYTES + 1
    const { clock, kinds } = await begin(() => waiting)
    await eventually('the pause', async () => (clock.timerCount() > 0 ? true : undefined))
    await clock.advance(10_000)
    expect(kinds()).toEqual([])
    waiting = MAX_LINK_BUFFER_BYTES
    await clock.advance(100)
    await eventually('the end', async () => (kinds().includes('end') ? true : undefined))
    expect(kinds()).toEqual(['data', 'end'])
  })
})
