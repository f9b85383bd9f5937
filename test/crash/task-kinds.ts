import { readdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'

/** How the workload's tasks are run, and how one sees from outside which of them do. */
export type TaskKind = {
  readonly driver: string
  /** The task's `config`, which appends the mark of the start to the allocation's file of starts and goes on as `program`. */
  readonly config: (program: string) => string
  /** Runs until it is asked to end. */
  readonly service: string
  readonly runSeconds: number
  /** What is killed takes no task along, so that none is ever started again. */
  readonly outlivesKills: boolean
  /** The marks of an allocation's starts that run now, whoever knows of them. Rejects while that cannot be seen. */
  readonly running: (allocationId: string, starts: readonly string[]) => Promise<readonly string[]>
  readonly end: (mark: string) => void
}

const linesOf = (lines: readonly string[]): string => lines.map(line => `        ${line}`).join('\n')

export const isProcessAlive = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^\) [ZX] /.test(stat.slice(stat.lastIndexOf(')')))
  } catch {
    return false
  }
}

const kill = (pid: number): void => {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}

/** The mark is the number of the process, which leads a group. */
export const processes = (runSeconds: number): TaskKind => ({
  driver: 'raw_exec',
  config: program =>
    linesOf(['command = "/bin/sh"', `args    = ["-c", "echo $$ >> $NOMAD_ALLOC_DIR/starts; ${program}"]`]),
  service: 'while :; do sleep 60; done',
  runSeconds,
  outlivesKills: true,
  running: async (_allocationId, starts) => starts.filter(mark => isProcessAlive(Number(mark))),
  end: mark => kill(-Number(mark)),
})

const readOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The first processes of containers, by the name that Docker gives their container: the beginning of its id. */
const containerInits = (allocationId: string | undefined): readonly { readonly pid: number; readonly mark: string }[] =>
  readdirSync('/proc')
    .map(Number)
    .filter(pid => pid > 0 && /^NSpid:.*\t1$/m.test(readOrEmpty(`/proc/${pid}/status`)))
    .flatMap(pid => {
      const env = readOrEmpty(`/proc/${pid}/environ`).split('\0')
      const valueOf = (name: string) => env.find(one => one.startsWith(`${name}=`))?.slice(name.length + 1)
      const [own, mark] = [valueOf('NOMAD_ALLOC_ID'), valueOf('HOSTNAME')]
      const isWanted = own !== undefined && mark !== undefined && (allocationId === undefined || own === allocationId)
      return isWanted && isProcessAlive(pid) ? [{ pid, mark }] : []
    })

const MARK_LENGTH = 12
const ENGINE_TIMEOUT_MS = 10_000

const askEngine = (socketPath: string, path: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, timeout: ENGINE_TIMEOUT_MS }, incoming => {
      const chunks: Buffer[] = []
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
      incoming.on('error', reject)
      incoming.on('end', () => resolve(JSON.parse(Buffer.concat(chunks).toString('utf8'))))
    })
    outgoing.on('timeout', () => outgoing.destroy(new Error('the engine does not answer')))
    outgoing.on('error', reject)
    outgoing.end()
  })

/** Containers that the engine counts as running. */
const containersKnown = async (socketPath: string, allocationId: string): Promise<readonly string[]> => {
  const filters = { label: [`dev.muster.alloc_id=${allocationId}`], status: ['running'] }
  const found = await askEngine(socketPath, `/containers/json?filters=${encodeURIComponent(JSON.stringify(filters))}`)
  if (!Array.isArray(found)) throw new Error(`the engine says ${JSON.stringify(found)}`)
  return found.map(({ Id }: { readonly Id: string }) => Id.slice(0, MARK_LENGTH))
}

export type ContainerOptions = {
  readonly socketPath: string
  readonly image: string
  readonly outlivesKills: boolean
}

/** A stopped service takes its time, so that a kill may come meanwhile. */
const CONTAINER_SERVICE = "trap 'sleep 0.3; exit 0' TERM; while :; do sleep 60 & wait $!; done"
/** The start of a container takes about as long as this. */
const CONTAINER_RUN_SECONDS = 1

/** The mark is the beginning of the container's id. Processes that their engine does not know of show, and the other way round. */
export const containers = ({ socketPath, image, outlivesKills }: ContainerOptions): TaskKind => ({
  driver: 'docker',
  config: program =>
    linesOf([
      `image   = "${image}"`,
      'command = "/bin/sh"',
      `args    = ["-c", "echo $HOSTNAME >> $NOMAD_ALLOC_DIR/starts; ${program}"]`,
      'init    = true',
    ]),
  service: CONTAINER_SERVICE,
  runSeconds: CONTAINER_RUN_SECONDS,
  outlivesKills,
  running: async allocationId => {
    const known = await containersKnown(socketPath, allocationId)
    const seen = containerInits(allocationId).map(({ mark }) => mark)
    return [
      ...seen.map(mark => (known.includes(mark) ? mark : `${mark} (a process that its engine does not know)`)),
      ...known.filter(mark => !seen.includes(mark)).map(mark => `${mark} (which has no process)`),
    ]
  },
  end: mark => {
    for (const found of containerInits(undefined)) if (found.mark === mark) kill(found.pid)
  },
})
