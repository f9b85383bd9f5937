/**
 * What `job run` takes over the bare engine, and goal G12, second half: from the call that registers a job to its task running, on sqlite and, where
 * `MUSTER_TEST_EVENTSTORE_URL` names one, on a real EventStoreDB. Whole agents, by turns, so that the machine's mood is the same for both.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { findEngine, removeContainersOf } from '../../infra/demo/images.mjs'
import { removeTree } from '../../src/platform/mounts.ts'
import { type Api, createApi } from '../../src/protocol/sdk.ts'
import { busyboxImage } from '../../test/support/images.ts'
import { startAgent, type TestAgent } from '../../test/support/muster.ts'
import { median, row } from './report.ts'

const WARM_UP = 5
const RUNS = 40
const LOOK_AGAIN_MS = 2

/** A task that runs on: what it says to its driver. */
type Program = { readonly driver: string; readonly config: string }
const sleeping: Program = { driver: 'raw_exec', config: 'command = "/bin/sleep"\n        args = ["300"]' }

const job = (id: string, { driver, config }: Program): string => `job "${id}" {
  type = "batch"
  group "g" {
    task "t" {
      driver = "${driver}"
      config {
        ${config}
      }
      resources {
        cpu    = 20
        memory = 10
      }
    }
  }
}`

const register = `mutation ($input: RegisterJobInput!) {
  registerJob(input: $input) { __typename ... on Rejection { message } }
}`
const stop = 'mutation ($input: StopJobInput!) { stopJob(input: $input) { __typename } }'
const statuses = 'query ($jobId: String!) { allocations(jobId: $jobId) { nodes { clientStatus } } }'

type Registered = { readonly registerJob: { readonly __typename: string; readonly message?: string } }
type Statuses = { readonly allocations: { readonly nodes: readonly { readonly clientStatus: string }[] } }

/** Milliseconds until the registration is answered, and until its task is seen running. */
type Times = { readonly answered: number; readonly running: number }

const runOnce = async (api: Api, id: string, program: Program): Promise<Times> => {
  const startedAt = performance.now()
  const input = { commandId: randomUUID(), job: { source: job(id, program) } }
  const { registerJob } = await api.query<Registered>(register, { input })
  if (registerJob.message !== undefined) throw new Error(registerJob.message)
  const answered = performance.now() - startedAt
  for (;;) {
    const { allocations } = await api.query<Statuses>(statuses, { jobId: id })
    if (allocations.nodes.some(({ clientStatus }) => clientStatus === 'running')) break
    await new Promise(resolve => {
      setTimeout(resolve, LOOK_AGAIN_MS)
    })
  }
  const running = performance.now() - startedAt
  await api.query(stop, { input: { commandId: randomUUID(), jobId: id } })
  return { answered, running }
}

type Side = { readonly name: string; readonly agent: TestAgent; readonly api: Api; readonly times: Times[] }

const startSide = async (name: string, folder: string, eventstore: string): Promise<Side> => {
  const config = join(folder, `${name}.hcl`)
  writeFileSync(config, eventstore)
  const agent = await startAgent(['-config', config, '-data-dir', join(folder, name)])
  const api = createApi({ address: `http://127.0.0.1:${agent.port}` })
  return { name, agent, api, times: [] }
}

/** What the engine itself takes for a container of this image, asked the way the driver asks it. */
const startContainer = async (docker: Docker, image: string): Promise<number> => {
  const startedAt = performance.now()
  const container = await docker.createContainer({ Image: image, Cmd: ['sleep', '300'] })
  await container.start()
  const ms = performance.now() - startedAt
  await container.remove({ force: true })
  return ms
}

/** From the call that registers a job to its container running, over what the engine takes. */
const benchContainers = async (): Promise<void> => {
  const found = await findEngine()
  if (found.kind === 'none') {
    row('job run, container', `not measured: ${found.reason}`)
    return
  }
  const { engine } = found
  const image = await busyboxImage({ engine }, 'bench')
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-run-'))
  const { agent, api } = await startSide('docker', folder, '')
  const docker = new Docker(engine.options)
  const program = { driver: 'docker', config: `image = "${image.tag}"\n        args = ["sleep", "300"]` }
  const floor: number[] = []
  const over: number[] = []
  try {
    for (let run = -WARM_UP; run < RUNS / 2; run++) {
      const bare = await startContainer(docker, image.tag)
      const { running } = await runOnce(api, `run-${run + WARM_UP}`, program)
      if (run < 0) continue
      floor.push(bare)
      over.push(running - bare)
    }
    row('job run, create and start of a container alone', `${median(floor).toFixed(0)} ms`)
    row('job run → container running, over that', `${median(over).toFixed(0)} ms (median of ${floor.length})`)
  } finally {
    api.close()
    await agent.muster(['system', 'gc'])
    await agent.stop()
    await removeContainersOf({ engine, images: [{ tag: image.tag, id: image.tag }] })
    await image.remove()
    await removeTree(folder)
  }
}

export const benchJobRun = async (): Promise<void> => {
  await benchContainers()
  const folder = mkdtempSync(join(tmpdir(), 'muster-bench-run-'))
  const url = process.env['MUSTER_TEST_EVENTSTORE_URL']
  const sides = [await startSide('sqlite', folder, '')]
  if (url === undefined) row('G12 job run on EventStoreDB', 'not measured: MUSTER_TEST_EVENTSTORE_URL names none')
  else {
    const prefix = `bench_${randomUUID().slice(0, 8)}`
    const settings = { kind: 'eventstoredb', url, prefix }
    const lines = Object.entries(settings).map(([key, value]) => `  ${key} = "${value}"\n`)
    sides.push(await startSide('eventstoredb', folder, `eventstore {\n${lines.join('')}}\n`))
  }
  for (let run = -WARM_UP; run < RUNS; run++) {
    for (const { api, times } of sides) {
      const measured = await runOnce(api, `run-${run + WARM_UP}`, sleeping)
      if (run >= 0) times.push(measured)
    }
  }
  for (const { name, times } of sides) {
    const answered = median(times.map(time => time.answered)).toFixed(1)
    const running = median(times.map(time => time.running)).toFixed(1)
    row(`G12 job run on ${name}`, `registered after ${answered} ms, running after ${running} ms (median of ${RUNS})`)
  }
  const [sqlite, other] = sides
  if (sqlite !== undefined && other !== undefined) {
    const slower = sqlite.times.map((time, index) => (other.times[index]?.running ?? Number.NaN) - time.running)
    row(`G12 ${other.name} over ${sqlite.name}, to running`, `${median(slower).toFixed(1)} ms`)
  }
  for (const { agent, api } of sides) {
    api.close()
    await agent.stop()
  }
  await removeTree(folder)
}
