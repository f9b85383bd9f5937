import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { listDirectory, statEntry, streamFile } from '../../../../src/agents/client/files.ts'
import { MAX_LINKS_FOLLOWED } from '../../../../src/agents/client/limits.ts'
import { type LogSource, streamLogs } from '../../../../src/agents/client/logs.ts'
import { systemClock } from '../../../../src/platform/clock.ts'
import { eventually } from '../../../support/eventually.ts'

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'muster-files-'))
  for (const path of ['alloc/logs', 'web/local', 'web/secrets']) await mkdir(join(root, path), { recursive: true })
})

afterEach(() => rm(root, { recursive: true, force: true }))

const log = (number: number): string => join(root, 'alloc/logs', `web.stdout.${number}`)

const collect = () => {
  const pieces: Buffer[] = []
  return {
    sink: async (piece: Uint8Array) => void pieces.push(Buffer.from(piece)),
    text: () => Buffer.concat(pieces).toString('utf8'),
  }
}

const read = async (request: Partial<LogSource['request']>): Promise<string> => {
  const { sink, text } = collect()
  const full = { task: 'web', type: 'stdout', origin: 'start', offset: 0, follows: false, ...request } as const
  await streamLogs({ root, request: full, isOver: () => false, clock: systemClock }, sink, new AbortController().signal)
  return text()
}

describe('logs of a task', () => {
  it('are its numbered files in order, from an offset at either end', async () => {
    await writeFile(log(2), 'aaaa')
    await writeFile(log(3), 'bbbb')
    await writeFile(log(10), 'cc')
    expect(await read({})).toBe('aaaabbbbcc')
    expect(await read({ offset: 6 })).toBe('bbcc')
    expect(await read({ origin: 'end', offset: 3 })).toBe('bcc')
    expect(await read({ origin: 'end', offset: 300 })).toBe('aaaabbbbcc')
    expect(await read({ offset: 300 })).toBe('')
    expect(await read({ type: 'stderr' })).toBe('')
  })

  it('follow what is written, over the start of a new file, until the task is over', async () => {
    await writeFile(log(0), 'one ')
    const { sink, text } = collect()
    let isOver = false
    const request = { task: 'web', type: 'stdout', origin: 'start', offset: 0, follows: true } as const
    const done = streamLogs(
      { root, request, isOver: () => isOver, clock: systemClock },
      sink,
      new AbortController().signal,
    )
    const sees = (wanted: string) => eventually(wanted, async () => (text() === wanted ? true : undefined))
    await sees('one ')
    await appendFile(log(0), 'two ')
    await sees('one two ')
    await writeFile(log(1), 'three ')
    await sees('one two three ')
    await unlink(log(0))
    isOver = true
    await appendFile(log(1), 'end')
    await done
    expect(text()).toBe('one two three end')
  })

  it('end at once when whoever followed them goes away', async () => {
    const abort = new AbortController()
    const request = { task: 'web', type: 'stdout', origin: 'end', offset: 0, follows: true } as const
    const done = streamLogs({ root, request, isOver: () => false, clock: systemClock }, collect().sink, abort.signal)
    abort.abort()
    await done
  })

  it('are not read through a link that the task put in their place', async () => {
    await symlink('/etc/hostname', log(0))
    await expect(read({})).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
  })
})

const contentOf = async (path: string): Promise<string> => {
  const { sink, text } = collect()
  const request = { path, follows: false, origin: 'start', offset: 0, limitBytes: 0 } as const
  await streamFile({ root, request, isOver: () => true, clock: systemClock }, sink, new AbortController().signal)
  return text()
}

describe('files of an allocation', () => {
  it('are listed by name, with their kinds and sizes', async () => {
    await writeFile(join(root, 'web/local/b.txt'), 'hello')
    await symlink('/etc/passwd', join(root, 'web/local/a-link'))
    expect(await listDirectory(root, '/')).toMatchObject([{ name: 'alloc', isDirectory: true }, { name: 'web' }])
    expect(await listDirectory(root, 'web/local')).toMatchObject([
      { name: 'a-link', mode: expect.stringMatching(/^L/) },
      { name: 'b.txt', sizeBytes: 5, isDirectory: false, mode: expect.stringMatching(/^-rw/) },
    ])
    expect(await statEntry(root, '/web/local/b.txt')).toMatchObject({ name: 'b.txt', sizeBytes: 5 })
    expect(await statEntry(root, '/')).toMatchObject({ isDirectory: true })
  })

  it('are read from either end, up to a limit', async () => {
    await writeFile(join(root, 'web/local/b.txt'), '0123456789')
    const part = async (request: { origin: 'start' | 'end'; offset: number; limitBytes: number }): Promise<string> => {
      const { sink, text } = collect()
      const full = { path: 'web/local/b.txt', follows: false, ...request }
      await streamFile(
        { root, request: full, isOver: () => true, clock: systemClock },
        sink,
        new AbortController().signal,
      )
      return text()
    }
    expect(await part({ origin: 'start', offset: 2, limitBytes: 3 })).toBe('234')
    expect(await part({ origin: 'end', offset: 4, limitBytes: 0 })).toBe('6789')
  })

  it.each(['web/secrets', '/web/secrets/token', '../x', 'web/local/out/x', 'web/../web/secrets/token'])(
    'does not show %j',
    async path => {
      await symlink('/etc', join(root, 'web/local/out'))
      await expect(listDirectory(root, path)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
      await expect(statEntry(root, `${path}/y`)).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
    },
  )

  it('are shown through symbolic links that stay inside, relative and absolute, one after another', async () => {
    await writeFile(join(root, 'web/local/b.txt'), 'hello')
    await symlink('../web/local', join(root, 'alloc/tasks'))
    await symlink(join(root, 'alloc/tasks/b.txt'), join(root, 'alloc/first'))
    await symlink('./first', join(root, 'alloc/second'))
    expect(await contentOf('alloc/second')).toBe('hello')
    expect(await contentOf('alloc/tasks/b.txt')).toBe('hello')
    expect(await statEntry(root, 'alloc/second')).toMatchObject({ name: 'second', sizeBytes: 5, isDirectory: false })
    expect(await statEntry(root, 'alloc/tasks')).toMatchObject({ isDirectory: true })
    expect(await listDirectory(root, 'alloc/tasks')).toMatchObject([{ name: 'b.txt' }])
  })

  it.each([
    ['/etc/passwd', 'leads there'],
    ['../../../etc/passwd', 'climbs above'],
    ['../web/secrets/token', 'not shown'],
    ['link', 'symbolic links'],
  ])('are not shown through a link to %j', async (target, why) => {
    await writeFile(join(root, 'web/secrets/token'), 'x')
    await symlink(target, join(root, 'alloc/link'))
    const refusal = { code: 'REQUEST_REFUSED', message: expect.stringContaining(why) }
    await expect(statEntry(root, 'alloc/link')).rejects.toMatchObject(refusal)
    await expect(contentOf('alloc/link')).rejects.toMatchObject(refusal)
  })

  it.each([MAX_LINKS_FOLLOWED - 1, MAX_LINKS_FOLLOWED, MAX_LINKS_FOLLOWED + 1])(
    'are reached through at most so many links (%i)',
    async count => {
      await writeFile(join(root, 'alloc/link0'), 'hello')
      for (let number = 1; number <= count; number++) {
        await symlink(`link${number - 1}`, join(root, `alloc/link${number}`))
      }
      const content = contentOf(`alloc/link${count}`)
      if (count <= MAX_LINKS_FOLLOWED) expect(await content).toBe('hello')
      else await expect(content).rejects.toMatchObject({ code: 'REQUEST_REFUSED' })
    },
  )

  it('are told from FIFOs and sockets, which nobody opens', async () => {
    execFileSync('mkfifo', [join(root, 'alloc/pipe')])
    const server = createServer()
    await new Promise<void>(resolve => {
      server.listen(join(root, 'alloc/socket'), resolve)
    })
    try {
      const modes = (await listDirectory(root, 'alloc')).map(({ name, mode }) => `${name} ${mode[0] ?? ''}`)
      expect(modes).toEqual(['logs d', 'pipe p', 'socket S'])
      await expect(contentOf('alloc/pipe')).rejects.toMatchObject({ message: expect.stringContaining('a FIFO') })
      await expect(contentOf('alloc/socket')).rejects.toMatchObject({ message: expect.stringContaining('a socket') })
    } finally {
      server.close()
    }
  })
})
