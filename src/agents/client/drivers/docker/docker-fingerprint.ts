import { isAppError, messageOf, systemCodeOf } from '../../../../platform/errors.ts'
import type { DriverFingerprint } from '../driver.ts'
import { type DockerApi, QUERY_TIMEOUT_MS } from './docker-api.ts'

/** The bridge's own address, where containers reach what the machine listens on; undefined without that network. */
const bridgeAddress = async (api: DockerApi): Promise<string | undefined> => {
  try {
    const network = await api.call('look at the network bridge', QUERY_TIMEOUT_MS, () =>
      api.docker.getNetwork('bridge').inspect(),
    )
    const gateway: unknown = network?.IPAM?.Config?.[0]?.Gateway
    return typeof gateway === 'string' ? gateway : undefined
  } catch {
    return undefined
  }
}

/** Names of what containers may be run by, with commas between; empty where the daemon does not say. */
const runtimesOf = async (api: DockerApi): Promise<string> => {
  try {
    const info: unknown = await api.call('ask for the runtimes of Docker', QUERY_TIMEOUT_MS, () => api.docker.info())
    const runtimes: unknown = typeof info === 'object' && info !== null && 'Runtimes' in info ? info.Runtimes : null
    return Object.keys(runtimes ?? {})
      .toSorted()
      .join(',')
  } catch {
    return ''
  }
}

/** See TaskDriver.fingerprint. */
export const fingerprintDocker = async (api: DockerApi): Promise<DriverFingerprint> => {
  try {
    const version = await api.call('ask for the version of Docker', QUERY_TIMEOUT_MS, () => api.docker.version())
    const [bridge, runtimes] = await Promise.all([bridgeAddress(api), runtimesOf(api)])
    return {
      isDetected: true,
      isHealthy: true,
      message: 'Healthy',
      attributes: {
        'driver.docker': '1',
        'driver.docker.version': version.Version,
        'driver.docker.os_type': version.Os,
        'driver.docker.privileged.enabled': 'false',
        'driver.docker.volumes.enabled': 'false',
        ...(bridge === undefined ? {} : { 'driver.docker.bridge_ip': bridge }),
        ...(runtimes === '' ? {} : { 'driver.docker.runtimes': runtimes }),
      },
    }
  } catch (error) {
    const isAbsent = isAppError(error) && systemCodeOf(error.cause) === 'ENOENT'
    return { isDetected: !isAbsent, isHealthy: false, message: messageOf(error), attributes: {} }
  }
}
