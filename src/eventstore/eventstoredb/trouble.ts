/** What a failed call means, and the error that it becomes if nobody can mend it. */
import { AppError, messageOf } from '../../platform/errors.ts'
import type { Endpoint } from './options.ts'

export type Trouble =
  /** Asking again is in vain until somebody changes a password, a certificate or a setting. */
  | { readonly kind: 'refused'; readonly error: AppError }
  /** Another node leads; ask there. */
  | { readonly kind: 'moved'; readonly leader: Endpoint }
  /** The connection, the server or its patience gave out: whether the call had an effect is not known. */
  | { readonly kind: 'lost'; readonly reason: string; readonly cause: unknown }

/** The numbers of gRPC, so that telling errors apart does not load it. */
const PERMISSION_DENIED = 7
const UNAUTHENTICATED = 16

type CallError = Error & {
  readonly code: number
  readonly details: string
  readonly metadata: { readonly get: (key: string) => readonly (string | Buffer)[] }
}

const isCallError = (error: unknown): error is CallError =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'number' &&
  'details' in error &&
  'metadata' in error

const textOf = (error: CallError, key: string): string => String(error.metadata.get(key)[0] ?? '')

/** OpenSSL's and Node's words for a certificate that is not trusted, and for a server that speaks no TLS. */
const untrusted = /certificate|self[- ]signed|altname|unable to get (?:local )?issuer/i
const speaksNoTls = /wrong version number|packet length too long|EPROTO/i

/** `server` names the server in messages. */
export const troubleOf = (error: unknown, server: string): Trouble => {
  if (error instanceof AppError) return { kind: 'refused', error }
  if (!isCallError(error)) return { kind: 'lost', reason: messageOf(error), cause: error }
  if (textOf(error, 'exception') === 'not-leader') {
    const leader = { host: textOf(error, 'leader-endpoint-host'), port: Number(textOf(error, 'leader-endpoint-port')) }
    return { kind: 'moved', leader }
  }
  if (textOf(error, 'exception') === 'stream-deleted') {
    return { kind: 'refused', error: deletedError(textOf(error, 'stream-name')) }
  }
  if (error.code === UNAUTHENTICATED || error.code === PERMISSION_DENIED) {
    return { kind: 'refused', error: accessDenied(server, error) }
  }
  const { details } = error
  if (speaksNoTls.test(details)) return { kind: 'refused', error: noTls(server, error) }
  if (untrusted.test(details)) return { kind: 'refused', error: untrustedError(server, details, error) }
  return { kind: 'lost', reason: reasonOf(details), cause: error }
}

/** The cause at the end of gRPC's sentence about a connection that does not stand. */
const reasonOf = (details: string): string =>
  /Last error: (?:Error: )?(.+?)(?:\. Resolution note:.*)?$/.exec(details)?.[1] ?? details

export const accessDenied = (server: string, cause?: unknown): AppError =>
  new AppError('STORE_ACCESS_DENIED', `${server} refused our credentials`, {
    hint: 'Check user and password; the user reads $all and writes streams, as members of $admins may.',
    cause,
  })

const untrustedError = (server: string, details: string, cause: unknown): AppError =>
  new AppError('STORE_UNTRUSTED', `the certificate of ${server} is not trusted: ${reasonOf(details)}`, {
    hint: "Name the certificate of the authority that signed the server's, and an address that the certificate is for.",
    cause,
  })

const noTls = (server: string, cause: unknown): AppError =>
  new AppError('STORE_UNTRUSTED', `${server} does not speak TLS`, {
    hint: 'Add tls=false to the url if the server runs insecure on purpose, else check host and port.',
    cause,
  })

export const deletedError = (stream: string): AppError =>
  new AppError('STORE_CORRUPT', `stream ${stream} was deleted on the server`, {
    hint: 'Nothing of Muster deletes streams: restore a backup.',
  })

export const unavailable = (attempted: string, server: string, reason: string, cause?: unknown): AppError =>
  new AppError('STORE_UNAVAILABLE', `could not ${attempted}: ${server} does not answer (${reason})`, {
    hint: 'Check that EventStoreDB runs and can be reached at this address.',
    cause,
  })

export const outcomeUnknown = (attempted: string, server: string, reason: string): AppError =>
  new AppError('STORE_OUTCOME_UNKNOWN', `${attempted}: ${server} did not say whether it took effect (${reason})`, {
    hint: 'Read the stream to see whether it did.',
  })
