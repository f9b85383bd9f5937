/** Goal G9: from the start of the process to a node that is ready, and what the quick commands cost over a bare `node -e 0`. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createApi } from '../../src/protocol/sdk.ts'
import { median, row } from './report.ts'

const root = join(import.meta.dirname, '../..')
const muster = join(root, 'bin/muster')
const RUNS = 9
const PORT = 47_461
const env = { ...process.env, MUSTER_ADDR: `http://127.0.0.1:${PORT}` }

const time = (command: string, args: readonly string[]): number => {
  const startedAt = performance.now()
  const result = spawnSync(command, args, { env, stdio: 'ignore' })
  if (result.status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${result.status}`)
  return performance.now() - startedAt
}

const READY = 'Node is ready'

/** Once the agent says so; asked again and again meanwhile it would answer in place of starting. */
const untilReady = async (agent: ChildProcess): Promise<void> => {
  await new Promise<void>(resolve => {
    agent.stderr?.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes(READY)) resolve()
    })
  })
  const api = createApi({ address: `http://127.0.0.1:${PORT}` })
  const { nodes } = await api.query<{ readonly nodes: { readonly nodes: readonly { readonly status: string }[] } }>(
    '{ nodes { nodes { status } } }',
  )
  if (nodes.nodes[0]?.status !== 'ready') throw new Error(`the node is ${nodes.nodes[0]?.status}`)
  api.close()
}

const coldStart = async (): Promise<{ readonly ms: number; readonly end: () => Promise<void> }> => {
  const startedAt = performance.now()
  const agent = spawn(muster, ['agent', '-dev', '-http-port', String(PORT)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilReady(agent)
  const ms = performance.now() - startedAt
  const ended = new Promise<void>(resolve => {
    agent.once('exit', () => resolve())
  })
  return {
    ms,
    end: () => {
      agent.kill('SIGINT')
      return ended
    },
  }
}

export const benchColdStart = async (): Promise<void> => {
  const starts: number[] = []
  for (let run = 0; run < RUNS; run++) {
    const { ms, end } = await coldStart()
    starts.push(ms)
    await end()
  }
  row('G9 dev agent, start of the process → node ready', `${Math.round(median(starts))} ms (median of ${RUNS})`)
  const running = await coldStart()
  const bare: number[] = []
  const version: number[] = []
  const status: number[] = []
  for (let run = 0; run < RUNS; run++) {
    bare.push(time(process.execPath, ['-e', '0']))
    version.push(time(muster, ['version']))
    status.push(time(muster, ['job', 'status']))
  }
  await running.end()
  row('G9 node -e 0', `${Math.round(median(bare))} ms`)
  row('G9 muster version over it', `${Math.round(median(version) - median(bare))} ms`)
  row('G9 muster job status over it', `${Math.round(median(status) - median(bare))} ms`)
}
