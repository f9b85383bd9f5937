import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findEngine } from '../../infra/demo/images.mjs'
import { startPrivateEngine } from '../../scripts/docker-engine.mjs'
import { busyboxImage } from '../support/images.ts'
import { containers, type TaskKind } from './task-kinds.ts'

/** A Docker engine that is there to be killed, beside whatever engine the machine has. */
export type Engine = {
  readonly tasks: TaskKind
  /** What a client's command line has to say so that it uses this engine. */
  readonly clientArgs: readonly string[]
  readonly kill: () => Promise<void>
  readonly start: () => Promise<void>
  /** Ends it. Throws with what it left on the machine. */
  readonly stop: () => Promise<void>
}

export const startEngine = async (folder: string, keepsContainers: boolean): Promise<Engine> => {
  const engine = await startPrivateEngine({ isBesideAnother: true, keepsContainers })
  const stop = async (): Promise<void> => {
    await engine.stop()
    const traces = await engine.traces()
    if (traces.length > 0) throw new Error(`the engine left behind:\n${traces.join('\n')}`)
  }
  try {
    const found = await findEngine({ DOCKER_HOST: engine.endpoint })
    if (found.kind === 'none') throw new Error(found.reason)
    const { tag: image } = await busyboxImage({ engine: found.engine }, 'crash')
    const config = join(folder, 'client.hcl')
    writeFileSync(config, `plugin "docker" {\n  config {\n    endpoint = "${engine.endpoint}"\n  }\n}\n`)
    return {
      tasks: containers({ socketPath: engine.socketPath, image, outlivesKills: keepsContainers }),
      clientArgs: ['-config', config],
      kill: () => engine.stopDaemon('SIGKILL'),
      start: engine.start,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
