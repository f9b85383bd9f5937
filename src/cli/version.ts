import { readFileSync } from 'node:fs'

/** Set when the bundle is built; in a checkout the version comes from package.json. */
declare const MUSTER_VERSION: string | undefined
declare const MUSTER_REVISION: string | undefined

const versionOfCheckout = (): string => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}

export const musterVersion = (): string => (typeof MUSTER_VERSION === 'string' ? MUSTER_VERSION : versionOfCheckout())

/** The commit that was built, empty when that is not known. */
export const musterRevision = (): string => (typeof MUSTER_REVISION === 'string' ? MUSTER_REVISION : '')
