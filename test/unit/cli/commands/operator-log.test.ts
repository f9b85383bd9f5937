import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../../../../src/eventstore/memory.ts'
import { openSqliteStore } from '../../../../src/eventstore/sqlite.ts'
import { exportLog } from '../../../../src/logfile/export-log.ts'
import { IMPORT_STREAM, markOf } from '../../../../src/logfile/import-mark.ts'
import { operator } from '../../../../src/main/operator.ts'
import { createMemoryKeyring, openKeyringFile } from '../../../../src/platform/keyring.ts'
import { systemRandom } from '../../../../src/platform/random.ts'
import { createSealer } from '../../../../src/platform/sealing.ts'
import { newEvents, temporaryDirectory } from '../../../support/eventstore.ts'
import { type FakeCliOptions, runFakeCli } from '../../../support/fake-cli.ts'
import { exportFacts, exportToBytes } from '../../../support/log-file.ts'

let folder: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  folder = temporaryDirectory()
})
afterEach(() => folder.remove())

const path = (...names: readonly string[]): string => join(folder.path, ...names)

const smallLog = async (): Promise<Buffer> => {
  const store = createMemoryStore()
  await store.append('source-a', 'no-stream', newEvents(3))
  return exportToBytes(store)
}

const muster = (args: readonly string[], options: FakeCliOptions = {}) =>
  runFakeCli(['operator', 'log', ...args], { cwd: folder.path, operator, ...options })

/** An API that answers an export with these chunks. */
const answering = (...chunks: readonly (Uint8Array | Error)[]) => ({
  root: {
    stream: async function* (asked: string) {
      expect(asked).toBe('/v1/operator/log')
      for (const chunk of chunks) {
        if (chunk instanceof Error) throw chunk
        yield chunk
      }
    },
  },
})

const keyringOf = (directory: string) => {
  mkdirSync(directory, { recursive: true })
  const file = { path: join(directory, 'keyring.json'), isRequired: false, random: systemRandom }
  return createSealer({ keyring: openKeyringFile(file), random: systemRandom })
}

/** The data directory of a server that has stopped. */
const stoppedServer = async (name: string): Promise<string> => {
  keyringOf(path(name, 'server')).digest('default', '')
  const store = await openSqliteStore({ path: path(name, 'server', 'events.db') })
  await store.append('source-a', 'no-stream', newEvents(5))
  await store.close()
  return path(name)
}

describe('muster operator log export', () => {
  it('writes what a running agent answers to a new file, for its owner alone', async () => {
    const bytes = await smallLog()
    const { code, stdout, stderr } = await muster(
      ['export', 'a.log'],
      answering(bytes.subarray(0, 99), bytes.subarray(99)),
    )
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^Exported 3 events of 1 stream \(\d+ B\) up to position 2 to a\.log\nSHA-256 [0-9a-f]{64}\n/,
    )
    expect(readFileSync(path('a.log')).equals(bytes)).toBe(true)
    expect(statSync(path('a.log')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder.path)).toEqual(['a.log'])
  })

  it('leaves a file alone that is there already', async () => {
    writeFileSync(path('a.log'), 'mine')
    const { code, stderr } = await muster(['export', 'a.log'], answering(await smallLog()))
    expect([code, stderr]).toEqual([1, expect.stringContaining('FILE_EXISTS')])
    expect(readFileSync(path('a.log'), 'utf8')).toBe('mine')
  })

  it('leaves nothing of an export that breaks off, is cut off or is damaged', async () => {
    const bytes = await smallLog()
    const damaged = Buffer.from(bytes)
    damaged[200] = 0
    for (const chunks of [[bytes.subarray(0, 300), new Error('gone')], [bytes.subarray(0, 300)], [damaged]]) {
      const { code } = await muster(['export', 'a.log'], answering(...chunks)).catch(() => ({ code: 1 }))
      expect(code).toBe(1)
      expect(readdirSync(folder.path)).toEqual([])
    }
  })

  it('says that a file cannot be written', async () => {
    const { stderr } = await muster(['export', 'nowhere/a.log'], answering(await smallLog()))
    expect(stderr).toContain('FILE_UNWRITABLE')
  })

  it('writes to standard output for -, and what it says to standard error', async () => {
    const bytes = await smallLog()
    const { stdout, stderr } = await muster(['export', '-'], answering(bytes))
    expect(stdout).toBe(bytes.toString('utf8'))
    expect(stderr).toMatch(/^Exported 3 events of 1 stream \(\d+ B\) up to position 2\n/)
  })

  it('reads the log of a server that does not run', async () => {
    await stoppedServer('here')
    const { code, stdout, stderr } = await muster(['export', '-data-dir', 'here', 'a.log'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^Exported 5 events of 1 stream/)
    const verified = JSON.parse((await muster(['verify', '-json', 'a.log'])).stdout)
    expect(Object.keys(verified.header.keys)).toEqual(['default'])
  })

  it('makes no log where there is none, and reads none that is half of one', async () => {
    mkdirSync(path('empty'))
    expect((await muster(['export', '-data-dir', 'empty', 'a.log'])).stderr).toContain('DATA_DIR_UNUSABLE')
    expect(readdirSync(path('empty'))).toEqual([])
    const store = await openSqliteStore({ path: path('half', 'server', 'events.db') })
    await store.append(IMPORT_STREAM, 'no-stream', [markOf('began', 'f'.repeat(64), 1)])
    await store.close()
    expect((await muster(['export', '-data-dir', 'half', 'a.log'])).stderr).toContain('IMPORT_UNFINISHED')
    expect(existsSync(path('a.log'))).toBe(false)
  })
})

describe('muster operator log import', () => {
  it('wants to know where to', async () => {
    const { code, stderr } = await muster(['import', 'a.log'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('USAGE')])
  })

  it('fills a data directory, and removes views of what was there before', async () => {
    await stoppedServer('here')
    await muster(['export', '-data-dir', 'here', 'a.log'])
    keyringOf(path('there', 'server')).digest('default', '')
    for (const name of ['views.db', 'views.db-wal', 'views.db.next']) writeFileSync(path('there', 'server', name), '')
    const { code, stdout } = await muster(['import', '-data-dir', 'there', 'a.log'])
    expect([code, stdout]).toEqual([0, expect.stringContaining('Imported 5 events of 1 stream')])
    expect(readdirSync(path('there', 'server')).filter(name => name.startsWith('views'))).toEqual([])
    const store = await openSqliteStore({ path: path('there', 'server', 'events.db') })
    expect(await store.head()).toBe(6)
    await store.close()
  })

  it('says whether the keyring fits that stands there', async () => {
    const here = await stoppedServer('here')
    await muster(['export', '-data-dir', 'here', 'a.log'])
    const said = async (name: string) => (await muster(['import', '-data-dir', name, 'a.log'])).stderr
    expect(await said('there')).toContain(`There is no keyring at ${path('there', 'server', 'keyring.json')} yet`)
    mkdirSync(path('fitting', 'server'), { recursive: true })
    const keyring = readFileSync(join(here, 'server', 'keyring.json'))
    writeFileSync(path('fitting', 'server', 'keyring.json'), keyring, { mode: 0o600 })
    expect(await said('fitting')).toBe('')
    keyringOf(path('other', 'server')).digest('default', '')
    expect(await said('other')).toContain('1 namespace (default)')
  })

  it('cannot say so of a file that was made without one', async () => {
    const store = createMemoryStore()
    await store.append('source-a', 'no-stream', newEvents(1))
    const parts = []
    const facts = { ...exportFacts, keys: null }
    for await (const chunk of exportLog(store, facts, new AbortController().signal)) parts.push(chunk)
    writeFileSync(path('a.log'), Buffer.concat(parts))
    keyringOf(path('there', 'server')).digest('default', '')
    expect((await muster(['import', '-data-dir', 'there', 'a.log'])).stderr).toContain('is not known')
  })

  it('takes plain files alone, since it reads them more than once', async () => {
    mkdirSync(path('folder'))
    for (const name of ['folder', 'nothing', '/dev/null'])
      expect((await muster(['import', '-data-dir', 'there', name])).stderr).toContain('FILE_UNREADABLE')
    expect(existsSync(path('there'))).toBe(false)
  })
})

describe('a server that is named by its configuration', () => {
  const configure = (text: string): readonly string[] => {
    writeFileSync(path('agent.hcl'), text)
    return ['-config', 'agent.hcl']
  }

  it('is exported and imported as one that is named by its data directory', async () => {
    await stoppedServer('here')
    const here = configure(`data_dir = "${path('here')}"\nregion = "north"\nserver { enabled = true }`)
    expect((await muster(['export', ...here, 'a.log'])).code).toBe(0)
    expect(JSON.parse((await muster(['verify', '-json', 'a.log'])).stdout).header.region).toBe('north')
    const there = configure(
      `server {\n  enabled = true\n  data_dir = "${path('elsewhere')}"\n}\ndata_dir = "${path('x')}"`,
    )
    expect((await muster(['import', ...there, 'a.log'])).code).toBe(0)
    expect(existsSync(path('elsewhere', 'events.db'))).toBe(true)
    expect(existsSync(path('x'))).toBe(false)
  })

  it('is refused if it has no log, or none that is kept', async () => {
    writeFileSync(path('a.log'), await smallLog())
    const client = configure(`data_dir = "${path('x')}"\nclient {\n  enabled = true\n  servers = ["a"]\n}`)
    expect((await muster(['import', ...client, 'a.log'])).stderr).toContain('no server')
    const memory = configure(`data_dir = "${path('x')}"\nserver { enabled = true }\neventstore { kind = "memory" }`)
    expect((await muster(['import', ...memory, 'a.log'])).stderr).toContain('gone with its agent')
    expect((await muster(['import', ...configure('nonsense = 1'), 'a.log'])).stderr).toContain('CONFIG_INVALID')
    expect(existsSync(path('x'))).toBe(false)
  })
})

describe('muster operator log verify', () => {
  it('says what is in a file', async () => {
    writeFileSync(path('a.log'), await smallLog())
    const { code, stdout } = await muster(['verify', 'a.log'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Events +=? *3$/m)
    expect(stdout).toMatch(/^SomethingHappened +3$/m)
  })

  it('names the line of one that is damaged', async () => {
    const text = (await smallLog()).toString('utf8').replace('"index":1', '"index":7')
    writeFileSync(path('a.log'), text)
    const { code, stderr } = await muster(['verify', 'a.log'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('LOG_FILE_DAMAGED')])
    expect(stderr).toContain('a.log is damaged at line 3')
  })
})

describe('what keys make of a known text', () => {
  it('is the same for the same keys, and another thing for others', () => {
    const keyring = createMemoryKeyring(systemRandom)
    const sealer = createSealer({ keyring, random: systemRandom })
    expect(sealer.probes()).toEqual({})
    sealer.digest('default', 'x')
    sealer.digest('other', 'x')
    expect(createSealer({ keyring, random: systemRandom }).probes()).toEqual(sealer.probes())
    const { default: first, other } = sealer.probes()
    expect(first).not.toBe(other)
    sealer.eraseNamespace('default')
    expect(Object.keys(sealer.probes())).toEqual(['other'])
    sealer.digest('default', 'x')
    expect(sealer.probes()['default']).not.toBe(first)
  })
})
