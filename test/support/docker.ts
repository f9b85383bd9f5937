import { type Engine, findEngine } from '../../infra/demo/images.mjs'

/** Where to find the engine that tests use, as the driver's option `endpoint` and as the image builder take it. */
export type TestEngine = { readonly endpoint: string; readonly engine: Engine }

const endpointOf = (engine: Engine): string =>
  'socketPath' in engine.options
    ? `unix://${engine.options.socketPath}`
    : `tcp://${engine.options.host}:${engine.options.port}`

/**
 * The Docker engine that answers (`npm test` starts one where there is none), or undefined, said loudly. With CI=true a
 * missing engine is a failure.
 */
export const dockerEngine = async (what: string): Promise<TestEngine | undefined> => {
  const found = await findEngine()
  if (found.kind === 'found') return { endpoint: endpointOf(found.engine), engine: found.engine }
  if (process.env['CI'] === 'true') throw new Error(`${what} needs a Docker engine: ${found.reason}`)
  console.warn(`NOT TESTED: ${what}, because ${found.reason}`)
  return undefined
}
