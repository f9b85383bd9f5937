/**
 * Values that may not stand in an event in clear (invariant I10): encrypted with their namespace's key, and with a keyed
 * digest beside it, by which equality is decided without opening. Sealing the same value twice gives two texts and one
 * digest. What is sealed can be moved to no other namespace.
 */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync } from 'node:crypto'
import type { DataKey, Keyring } from './keyring.ts'
import { NONCE_BYTES, TAG_BYTES } from './keyring.ts'
import type { Random } from './random.ts'

export type Sealed = {
  /** `keyId:nonce:ciphertext:tag`, the key's id in hexadecimal, the rest in base64. */
  readonly sealed: string
  /** HMAC-SHA-256 under a key of the namespace, base64url. Comparable within a namespace, until its key is erased. */
  readonly digest: string
}

export type Sealer = {
  readonly seal: (namespace: string, clear: string) => Sealed
  /** The clear text; null if the namespace's key was erased or is another one, or the text is not as it was sealed. */
  readonly open: (namespace: string, sealed: string) => string | null
  readonly digest: (namespace: string, clear: string) => string
  /**
   * By namespace, what its key makes of a text that everybody knows. Two keyrings whose answers are equal open the same
   * values; the answers tell nothing of the keys.
   */
  readonly probes: () => Readonly<Record<string, string>>
  /** Makes everything that was ever sealed in `namespace` unreadable for good, wherever copies of it are. */
  readonly eraseNamespace: (namespace: string) => void
}

const PROBE = 'muster key probe'

export type SealerOptions = { readonly keyring: Keyring; readonly random: Random }

/** All but `open` may throw KEYRING_UNUSABLE, since a namespace's first value makes its key. */
export const createSealer = ({ keyring, random }: SealerOptions): Sealer => {
  const derived = new Map<string, DerivedKeys>()
  const keysOf = (key: DataKey): DerivedKeys => {
    const known = derived.get(key.id)
    if (known) return known
    const keys = derive(key)
    derived.set(key.id, keys)
    return keys
  }
  const digest = (namespace: string, clear: string): string =>
    createHmac('sha256', keysOf(keyring.keyOf(namespace)).digest)
      .update(clear, 'utf8')
      .digest('base64url')

  return {
    digest,
    probes: () => Object.fromEntries(keyring.namespaces().map(namespace => [namespace, digest(namespace, PROBE)])),
    seal: (namespace, clear) => {
      const key = keyring.keyOf(namespace)
      return {
        sealed: encrypt(key.id, keysOf(key).cipher, namespace, { clear, random }),
        digest: digest(namespace, clear),
      }
    },
    open: (namespace, sealed) => {
      const key = keyring.existingKeyOf(namespace)
      return key ? decrypt(key.id, keysOf(key).cipher, namespace, sealed) : null
    },
    eraseNamespace: namespace => {
      const key = keyring.existingKeyOf(namespace)
      keyring.erase(namespace)
      if (key) derived.delete(key.id)
    },
  }
}

type DerivedKeys = { readonly cipher: Uint8Array; readonly digest: Uint8Array }

/** One secret never serves two purposes: encryption and digests have keys of their own, derived from the data key. */
const derive = (key: DataKey): DerivedKeys => {
  const part = (purpose: string): Uint8Array =>
    new Uint8Array(hkdfSync('sha256', key.secret, '', `muster ${purpose}`, 32))
  return { cipher: part('cipher'), digest: part('digest') }
}

const additional = (keyId: string, namespace: string): Buffer => Buffer.from(`${keyId} ${namespace}`)

type Clear = { readonly clear: string; readonly random: Random }

const encrypt = (keyId: string, key: Uint8Array, namespace: string, { clear, random }: Clear): string => {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(additional(keyId, namespace))
  const text = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()])
  const parts = [Buffer.from(nonce), text, cipher.getAuthTag()]
  return [keyId, ...parts.map(part => part.toString('base64'))].join(':')
}

const decrypt = (keyId: string, key: Uint8Array, namespace: string, sealed: string): string | null => {
  const [id, ...encoded] = sealed.split(':')
  const [nonce, text, tag, ...more] = encoded.map(part => Buffer.from(part, 'base64'))
  const isCanonical =
    more.length === 0 && [nonce, text, tag].every((part, at) => part?.toString('base64') === encoded[at])
  if (!isCanonical || id !== keyId || nonce?.length !== NONCE_BYTES || !text || tag?.length !== TAG_BYTES) return null
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(additional(keyId, namespace))
  decipher.setAuthTag(tag)
  try {
    return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
  } catch {
    // Authentication failed: not sealed with this key, or changed since.
    return null
  }
}
