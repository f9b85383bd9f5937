import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { messageOf } from '../../platform/errors.ts'
import type { CheckSpec, Probe, ProbeResult } from './checks.ts'
import { MAX_CHECK_OUTPUT_BYTES, MAX_PROBES_AT_ONCE } from './limits.ts'

const HTTP_OK = 200
const FIRST_SUCCESS = 200
const FIRST_FAILURE = 400

const failure = (output: string): ProbeResult => ({ isSuccess: false, output })

const probeTcp = (spec: CheckSpec, signal: AbortSignal): Promise<ProbeResult> =>
  new Promise(resolve => {
    const socket = connect({ host: spec.address, port: spec.port, signal })
    socket.setTimeout(spec.check.timeoutMs)
    const finish = (result: ProbeResult): void => {
      socket.destroy()
      resolve(result)
    }
    socket.once('connect', () => finish({ isSuccess: true, output: 'nomad: tcp ok' }))
    socket.once('timeout', () => finish(failure(`nomad: no connection within ${spec.check.timeoutMs} ms`)))
    socket.once('error', error => finish(failure(`nomad: ${messageOf(error)}`)))
  })

const probeHttp = (spec: CheckSpec, signal: AbortSignal): Promise<ProbeResult> =>
  new Promise(resolve => {
    const { check } = spec
    const send = check.protocol === 'https' ? httpsRequest : httpRequest
    const deadline = AbortSignal.timeout(check.timeoutMs)
    const request = send({
      host: spec.address,
      port: spec.port,
      path: check.path === '' ? '/' : check.path,
      method: check.method === '' ? 'GET' : check.method,
      headers: Object.fromEntries(Object.entries(check.header).map(([name, values]) => [name, [...values]])),
      signal: AbortSignal.any([signal, deadline]),
      agent: false,
      ...(check.protocol === 'https' ? { rejectUnauthorized: check.isTlsVerified } : {}),
    })
    request.once('error', error =>
      resolve(
        failure(deadline.aborted ? `nomad: no answer within ${check.timeoutMs} ms` : `nomad: ${messageOf(error)}`),
      ),
    )
    request.once('response', response => {
      const status = response.statusCode ?? 0
      const isSuccess = status >= FIRST_SUCCESS && status < FIRST_FAILURE
      const pieces: Buffer[] = []
      let length = 0
      const finish = (): void => {
        const body = Buffer.concat(pieces).subarray(0, MAX_CHECK_OUTPUT_BYTES).toString('utf8')
        resolve({ isSuccess, output: status === HTTP_OK ? 'nomad: http ok' : body || `nomad: http status ${status}` })
        response.destroy()
      }
      response.on('data', (piece: Buffer) => {
        pieces.push(piece)
        length += piece.length
        if (length >= MAX_CHECK_OUTPUT_BYTES) finish()
      })
      response.once('end', finish)
      response.once('error', finish)
    })
    request.end(check.body === '' ? undefined : check.body)
  })

/** Probes over the network, at most MAX_PROBES_AT_ONCE at a time; the others wait their turn. */
export const createNetworkProbe = (): Probe => {
  let open = 0
  const queue: (() => void)[] = []
  const enter = async (): Promise<void> => {
    if (open >= MAX_PROBES_AT_ONCE) await new Promise<void>(resolve => queue.push(resolve))
    else open += 1
  }
  const leave = (): void => {
    const next = queue.shift()
    if (next === undefined) open -= 1
    else next()
  }
  return async (spec, signal) => {
    await enter()
    try {
      return await (spec.check.type === 'tcp' ? probeTcp(spec, signal) : probeHttp(spec, signal))
    } finally {
      leave()
    }
  }
}
