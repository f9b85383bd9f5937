import type { Caller } from '../../app/api-commands.ts'
import { uuidV4 } from '../../platform/ids.ts'
import type { Random } from '../../platform/random.ts'

/** Who asks, and what ties together all that the request leads to. */
export type RequestContext = { readonly actor: string; readonly correlationId: string }

/** Until there is access control everybody who reaches the API is the same. */
export const ANONYMOUS = 'anonymous'

export const newRequestContext = (random: Random): RequestContext => ({
  actor: ANONYMOUS,
  correlationId: uuidV4(random),
})

/** The caller of a command: a resend is recognised by the id that the client chose. */
export const callerOf = (request: RequestContext, commandId: string | null | undefined, random: Random): Caller => ({
  ...request,
  commandId: commandId ?? uuidV4(random),
})
