import { join } from 'node:path'
import { isAppError } from '../../src/platform/errors.ts'
import { type Api, createApi } from '../../src/protocol/sdk.ts'
import { freePort } from '../support/muster.ts'
import { type AgentProcess, createAgentProcess, MAX_STARTS } from './agent-process.ts'

/** A server and a client, each a process of its own. */
export type Agents = {
  readonly server: AgentProcess
  readonly client: AgentProcess
  readonly api: Api
  /** Starts what is not up. */
  readonly ensureUp: () => Promise<void>
  /** Asks until it is answered, starting what died again: as a user who means it would. */
  readonly ask: <T>(run: (api: Api) => Promise<T>) => Promise<T>
  readonly kill: () => Promise<void>
  readonly stop: () => Promise<void>
}

const API_TIMEOUT_MS = 20_000

/** `clientArgs`: what the client's command line has beside what every client's has. */
export const createAgents = async (folder: string, clientArgs: readonly string[] = []): Promise<Agents> => {
  const port = await freePort()
  const server = createAgentProcess(join(folder, 'server'), port, ['-client=false'])
  const client = createAgentProcess(join(folder, 'client'), await freePort(), [
    '-server=false',
    '-servers',
    `127.0.0.1:${port}`,
    ...clientArgs,
  ])
  const api = createApi({ address: `http://127.0.0.1:${port}`, timeoutMs: API_TIMEOUT_MS })
  const ensureUp = async (): Promise<void> => {
    await Promise.all([server.ensureUp(), client.ensureUp()])
  }
  return {
    server,
    client,
    api,
    ensureUp,
    ask: async run => {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await run(api)
        } catch (error) {
          if (!isAppError(error) || attempt > 2 * MAX_STARTS) throw error
          await ensureUp()
        }
      }
    },
    kill: async () => {
      await Promise.all([server.kill(), client.kill()])
    },
    stop: async () => {
      await client.stop()
      await server.stop()
      api.close()
    },
  }
}
