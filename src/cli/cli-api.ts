import { AppError } from '../platform/errors.ts'
import type { Api } from '../protocol/sdk.ts'
import { type Document, document } from './document.ts'
import type { Settings } from './settings.ts'

/** The server's API as commands use it. */
export type CliApi = {
  readonly query: <R, V extends Readonly<Record<string, unknown>>>(
    document: Document<R, V>,
    variables: V,
    signal?: AbortSignal,
  ) => Promise<R>
  readonly stream: Api['stream']
  readonly json: Api['json']
  readonly close: () => void
}

const regionDocument = document<{ readonly agent: { readonly region: string } }, Record<string, never>>(
  'query Region { agent { region } }',
)

/** Somebody who names a region must not be answered by another one. */
const checkRegion = async (api: Api, region: string): Promise<void> => {
  const { agent } = await api.query<{ readonly agent: { readonly region: string } }>(regionDocument.text)
  if (agent.region === region) return
  throw new AppError('REQUEST_REFUSED', `the agent at ${api.address} is of region "${agent.region}", not "${region}"`, {
    hint: 'name an agent of that region with -address, or leave -region and MUSTER_REGION out',
  })
}

/** The client that `settings` describe; `onStale` hears why an answer may be old. Nothing is loaded or opened before the first call. */
export const createCliApi = (settings: Settings, onStale: (message: string) => void = () => {}): CliApi => {
  let opened: Promise<Api> | null = null
  const open = async (): Promise<Api> => {
    const { address, token } = settings
    const { createApi } = await import('../protocol/sdk.ts')
    const api = createApi({ address, onStale, ...(token === '' ? {} : { token }) })
    if (settings.region !== '') await checkRegion(api, settings.region)
    return api
  }
  const get = (): Promise<Api> => {
    opened ??= open()
    return opened
  }
  return {
    query: async (document, variables, signal) => (await get()).query(document.text, variables, signal),
    stream: async function* (path, signal) {
      yield* (await get()).stream(path, signal)
    },
    json: async (path, signal) => (await get()).json(path, signal),
    close: () => {
      void opened?.then(
        api => api.close(),
        () => undefined,
      )
    },
  }
}
