import { formatGoDuration } from '../../lang/goflags/index.ts'
import {
  type Block,
  createReader,
  type DecodeContext,
  type Json,
  labelOf,
  type Reader,
  suggestionHint,
} from '../../lang/hcl/index.ts'
import { readDuration } from '../checks.ts'

type Options = Readonly<Record<string, Json | null>>

/** As a driver reads it. */
const durationText = (reader: Reader, name: string): string | null => {
  const ms = readDuration(reader, name, 1)
  return ms === null ? null : formatGoDuration(ms)
}

const decodeDocker = (reader: Reader): Options => {
  const options = {
    endpoint: reader.string('endpoint', null),
    image_pull_timeout: durationText(reader, 'image_pull_timeout'),
    pull_activity_timeout: durationText(reader, 'pull_activity_timeout'),
    recover_timeout: durationText(reader, 'recover_timeout'),
  }
  const neverAllowed = 'not acted on: tasks cannot ask for it yet'
  reader.finish({
    refused: {
      tls: 'the connection to the engine would not be encrypted',
      pids_limit: 'the number of processes of a container is not limited yet',
    },
    ignored: {
      allow_privileged: neverAllowed,
      allow_caps: neverAllowed,
      allow_runtimes: neverAllowed,
      nvidia_runtime: neverAllowed,
      volumes: neverAllowed,
      cpuset_cpus: neverAllowed,
      oom_score_adj: neverAllowed,
      infra_image: 'not acted on: groups have the network of the machine',
      infra_image_pull_timeout: 'not acted on: groups have the network of the machine',
      auth: 'not acted on: a task names its own credentials',
      extra_labels: 'not acted on: containers carry fixed labels',
      gc: 'not acted on: containers are removed, images are kept',
      logging: 'not acted on: logs are collected into files of the task',
      disable_log_collection: 'not acted on: a task says so in its logs block',
      container_exists_attempts: 'not acted on: containers are told apart by labels',
      windows_allow_insecure_container_admin: 'not acted on: there is no Windows',
    },
  })
  return options
}

const decodeRawExec = (reader: Reader): Options => {
  const options = { enabled: reader.bool('enabled', null), no_cgroups: reader.bool('no_cgroups', null) }
  reader.finish({
    refused: {
      denied_envvars: 'tasks would be given these variables',
      denied_host_uids: 'tasks would run as these users',
      denied_host_gids: 'tasks would run in these groups',
    },
  })
  return options
}

const drivers: Readonly<Record<string, (reader: Reader) => Options>> = { docker: decodeDocker, raw_exec: decodeRawExec }

/** Drivers that Nomad has. */
const notYetHere: ReadonlySet<string> = new Set(['exec', 'exec2', 'java', 'qemu', 'podman', 'mock_driver'])

const decodeConfig = (block: Block, context: DecodeContext, decode: (reader: Reader) => Options): Options => {
  const reader = createReader(block.body, context)
  const config = reader.block('config')
  reader.finish({ ignored: { args: 'not acted on: drivers are part of the program' } })
  return config === undefined ? {} : decode(createReader(config.body, context))
}

const reportUnknown = (block: Block, name: string, context: DecodeContext): void => {
  const isNomads = notYetHere.has(name)
  createReader(block.body, context).report({
    severity: isNomads ? 'warning' : 'error',
    summary: isNomads ? 'Not acted on' : 'Unknown plugin',
    detail: `There is no driver "${name}"${isNomads ? ' yet: tasks that ask for it are not placed' : ''}.`,
    hint: isNomads ? undefined : suggestionHint(name, Object.keys(drivers)),
    range: block.headerRange,
  })
}

/** Options of drivers by name; a driver may have several blocks, of which later ones count for more. */
export const decodePlugins = (
  blocks: readonly Block[],
  context: DecodeContext,
): Readonly<Record<string, Readonly<Record<string, Json>>>> => {
  const plugins: Record<string, Record<string, Json>> = {}
  for (const block of blocks) {
    const name = labelOf(context, block, 'name')
    const decode = Object.hasOwn(drivers, name) ? drivers[name] : undefined
    if (decode === undefined) reportUnknown(block, name, context)
    else {
      const written = Object.entries(decodeConfig(block, context, decode)).filter(([, value]) => value !== null)
      plugins[name] = { ...plugins[name], ...Object.fromEntries(written) }
    }
  }
  return plugins
}
