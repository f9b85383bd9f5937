import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import Docker from 'dockerode'
import { afterEach, describe, expect, it } from 'vitest'
import { buildImage, busyboxFiles, filesOfProgram, type ImageFile, removeImages } from '../../infra/demo/images.mjs'
import { dockerEngine } from '../support/docker.ts'
import { eventually } from '../support/eventually.ts'
import { freePort } from '../support/muster.ts'
import { readText, root } from '../support/source-tree.ts'

const undo: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

describe('the units for systemd', () => {
  it.for(['muster-server', 'muster-client'])('%s is one that systemd takes', (name, { skip }) => {
    const text = readText(`infra/systemd/${name}.service`)
    expect(text).toContain(`ExecStart=/usr/bin/muster agent -config /etc/muster/${name.replace('muster-', '')}.hcl\n`)
    const folder = mkdtempSync(join(tmpdir(), 'muster-units-'))
    undo.push(() => rmSync(folder, { recursive: true }))
    const path = join(folder, `${name}.service`)
    // Where it is installed there is a program at this place.
    writeFileSync(path, text.replace('/usr/bin/muster', join(root, 'bin/muster')))
    const { error, status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', path], { encoding: 'utf8' })
    if (error !== undefined) {
      if (process.env['CI'] === 'true') throw error
      console.warn('NOT TESTED: the units for systemd, because systemd-analyze is not on this machine')
      return skip()
    }
    expect([status, stdout + stderr]).toEqual([0, ''])
  })

  it("leave a client's tasks alone when it stops, and send SIGHUP for a reload", () => {
    const unit = (name: string): string => readText(`infra/systemd/muster-${name}.service`)
    expect(unit('client')).toContain('\nKillMode=process\n')
    expect(unit('server')).not.toContain('KillMode')
    for (const name of ['client', 'server']) expect(unit(name)).toContain('\nExecReload=/bin/kill -HUP $MAINPID\n')
  })
})

const filesUnder = (folder: string, at: string): readonly ImageFile[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => {
      const from = join(entry.parentPath, entry.name)
      return { path: `${at}${from.slice(folder.length)}`, from, mode: statSync(from).mode & 0o777 }
    })

/** What the bundle does not hold of the packages that it loads. */
const packages = ['better-sqlite3', 'bindings', 'file-uri-to-path', 'hcl2-json-parser']

/** The last stage of infra/Dockerfile, of this machine's Node and build: no registry is needed. */
const imageFiles = async (): Promise<readonly ImageFile[]> => [
  ...((await busyboxFiles()) ?? []),
  ...(await filesOfProgram(process.execPath)),
  ...['bin', 'dist'].flatMap(name => filesUnder(join(root, name), `/opt/muster/${name}`)),
  ...packages.flatMap(name => filesUnder(join(root, 'node_modules', name), `/opt/muster/node_modules/${name}`)),
  { path: '/usr/bin/muster', linkTo: '/opt/muster/bin/muster' },
]

describe('an image of the program', () => {
  it('is a server that is healthy, and that ends in order when its container is stopped', async ({ skip }) => {
    const found = await dockerEngine('an image of the program')
    if (found === undefined) return skip()
    const { engine } = found
    const tag = `muster-test-agent:${process.pid}`
    const path = ['/usr/bin', '/bin', dirname(process.execPath)].join(':')
    const [, entrypoint = ''] = /^ENTRYPOINT (.*)$/m.exec(readText('infra/Dockerfile')) ?? []
    const image = await buildImage({
      engine,
      tag,
      files: await imageFiles(),
      entrypoint: JSON.parse(entrypoint) as readonly string[],
      env: { PATH: path },
    })
    undo.push(() => removeImages({ engine, images: [image] }))
    const port = await freePort()
    const docker = new Docker(engine.options)
    const container = await docker.createContainer({
      Image: tag,
      Cmd: ['agent', '-server', '-data-dir', '/var/lib/muster-server', '-http-port', String(port)],
      HostConfig: { NetworkMode: 'host' },
    })
    undo.push(() => container.remove({ force: true }))
    await container.start()
    const health = await eventually('the server to be healthy', async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/agent/health`).catch(() => undefined)
      return answer?.status === 200 ? answer.json() : undefined
    })
    expect(health).toEqual({ server: { ok: true, message: 'ok' } })
    await container.stop({ t: 30 })
    expect((await container.inspect()).State.ExitCode).toBe(0)
  })
})
