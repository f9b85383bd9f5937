import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type ConfiguredAgent, isRunning, startConfigured, writeTicker } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'
import { environment, runCommand } from '../support/muster.ts'
import { canMakeNamespaces, createStar, type Star } from '../support/network-namespaces.ts'
import { root } from '../support/source-tree.ts'

/** A server and clients that meet over a network: each in a namespace with addresses and ports of its own. */
const undo: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step()
})

/** The same port everywhere: no two agents share a network. */
const PORT = 4646
const program = join(root, 'bin/muster')

const start = (folder: string, name: string, under: readonly string[], text: string): ConfiguredAgent => {
  const config = join(folder, `${name}.hcl`)
  writeFileSync(config, `name = "${name}"\ndata_dir = "${join(folder, name)}"\n${text}`)
  const agent = startConfigured({ config, port: PORT, under })
  undo.push(async () => {
    agent.send('SIGTERM')
    await agent.ended
  })
  return agent
}

/** A command inside a namespace. */
const inside = async (under: readonly string[], args: readonly string[]): Promise<string> => {
  const words = [...under, program, ...args]
  const { stdout, stderr } = await runCommand('env', words, { env: environment(PORT), cwd: undefined })
  return stdout + stderr
}

const startClients = (folder: string, star: Star): readonly ConfiguredAgent[] =>
  star.leaves.map(({ under, middleAddress }, index) =>
    start(
      folder,
      `node-${index}`,
      under,
      `client {\n  enabled = true\n  servers = ["${middleAddress}"]\n}\nplugin "raw_exec" {\n  config {\n    enabled = true\n  }\n}\n`,
    ),
  )

describe('a server and clients in networks of their own', () => {
  it('meet over their addresses, and part and meet again as cables are cut and mended', async ({ skip }) => {
    if (!canMakeNamespaces('a server and clients in network namespaces')) return skip()
    const folder = mkdtempSync(join(tmpdir(), 'muster-namespaces-'))
    undo.push(() => rmSync(folder, { recursive: true, force: true }))
    const star = createStar(2)
    undo.push(star.remove)
    const { middle, leaves } = star
    const server = start(
      folder,
      'server',
      middle.under,
      'bind_addr = "0.0.0.0"\nserver {\n  enabled = true\n  min_heartbeat_ttl = "1s"\n  heartbeat_grace = "1s"\n}\n',
    )
    await server.logged('the API listens beyond loopback')
    const clients = startClients(folder, star)
    for (const client of clients) await client.logged('Node is ready')

    // The server is known by each of its addresses, and a node by that of its own network.
    const [first, second] = leaves
    if (first === undefined || second === undefined) throw new Error('a star of two has two leaves')
    const address = `-address=http://${first.middleAddress}:${PORT}`
    const nodes = await inside(first.under, ['node', 'status', address])
    expect(nodes).toMatch(/node-0[^]*node-1|node-1[^]*node-0/)
    expect(await inside(second.under, ['node', 'status', '-self', '-verbose'])).toContain(second.address)

    // Output of a task on one client, asked of another: over its server and back.
    const ticker = writeTicker(folder, { name: 'far', node: 'node-0' })
    undo.push(async () => void (await inside(middle.under, ['job', 'stop', '-purge', 'far'])))
    const run = await inside(second.under, ['job', 'run', ticker.file])
    expect(run).toContain('Deployment completed successfully')
    expect(await inside(second.under, ['alloc', 'logs', '-job', 'far'])).toBe('started\n')
    const [pid] = ticker.starts()

    const statusOf = async (name: string): Promise<string> =>
      new RegExp(`^.*${name}.*$`, 'm').exec(await inside(middle.under, ['node', 'status']))?.[0] ?? ''
    first.setCable(false)
    await eventually('the node behind the cable to be missed', async () =>
      /down|disconnected/.test(await statusOf('node-0')) ? true : undefined,
    )
    expect(isRunning(pid)).toBe(true)
    first.setCable(true)
    await eventually('the node to be back', async () =>
      (await statusOf('node-0')).endsWith('ready') ? true : undefined,
    )
    expect(await statusOf('node-1')).toMatch(/ready$/)
    await eventually('one task to run, and one only', async () => {
      const starts = ticker.starts()
      return starts.filter(each => isRunning(each)).length === 1 ? true : undefined
    })
  })
})
