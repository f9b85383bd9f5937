/**
 * The keys that values are sealed with: one data key per namespace, wrapped by a root key. They stand outside the log, so
 * that erasing one erases all that was sealed with it, in every copy of the log (invariant I10).
 */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError, messageOf, systemCodeOf } from './errors.ts'
import { makeDirectories } from './make-directory.ts'
import type { Random } from './random.ts'

/** `id` is 16 hexadecimal digits, drawn by chance, and stands in what the key sealed; `secret` is 32 bytes. */
export type DataKey = { readonly id: string; readonly secret: Uint8Array }

export type Keyring = {
  /** The key of `namespace`, made and kept first if there is none. */
  readonly keyOf: (namespace: string) => DataKey
  /** The key of `namespace` if there is one. */
  readonly existingKeyOf: (namespace: string) => DataKey | undefined
  /** The namespaces that have a key. */
  readonly namespaces: () => readonly string[]
  /** Forgets the key of `namespace`; a later one is another key. */
  readonly erase: (namespace: string) => void
}

/** Namespaces that one keyring holds keys for. */
export const MAX_DATA_KEYS = 10_000

const SECRET_BYTES = 32
const KEY_ID_BYTES = 8
export const NONCE_BYTES = 12
export const TAG_BYTES = 16

export type KeyringFileOptions = {
  readonly path: string
  /** Whether sealed values exist already: then a missing file is a loss, not a beginning. */
  readonly isRequired: boolean
  readonly random: Random
}

/** A keyring that lives as long as the process, for an agent without a data directory. */
export const createMemoryKeyring = (random: Random, maxKeys = MAX_DATA_KEYS): Keyring =>
  createKeyring({ random, maxKeys, initial: new Map(), save: () => {} })

/**
 * The keyring in the file at `path` (mode 0600), made at the first key. Each change is on disk before it is used.
 * Throws KEYRING_UNUSABLE if the file is missing though required, damaged, readable by others, or cannot be written.
 * Nothing else may write the file while it is open; the lock of the data directory sees to that.
 */
export const openKeyringFile = (options: KeyringFileOptions): Keyring => {
  const { path, random } = options
  const stored = readKeyringFile(path)
  if (!stored && options.isRequired) {
    throw new AppError('KEYRING_UNUSABLE', `the keyring ${path} is missing, but the log holds values sealed with it`, {
      hint: 'Restore the keyring that belongs to this log; without it env, templates and sources cannot be opened.',
    })
  }
  const root = stored?.root ?? random.bytes(SECRET_BYTES)
  return createKeyring({
    random,
    maxKeys: MAX_DATA_KEYS,
    initial: stored?.keys ?? new Map<string, DataKey>(),
    save: keys => writeKeyringFile(path, { root, keys }, random),
  })
}

type Keys = ReadonlyMap<string, DataKey>

type KeyringParts = {
  readonly random: Random
  readonly maxKeys: number
  readonly initial: Keys
  readonly save: (keys: Keys) => void
}

const createKeyring = ({ random, maxKeys, initial, save }: KeyringParts): Keyring => {
  let keys = initial
  const change = (edit: (copy: Map<string, DataKey>) => void): void => {
    const copy = new Map(keys)
    edit(copy)
    save(copy)
    keys = copy
  }
  return {
    existingKeyOf: namespace => keys.get(namespace),
    namespaces: () => [...keys.keys()],
    keyOf: namespace => {
      const existing = keys.get(namespace)
      if (existing) return existing
      if (keys.size >= maxKeys) {
        throw new AppError('KEYRING_UNUSABLE', `no key for namespace "${namespace}": there are ${keys.size} already`, {
          hint: 'Erase the keys of namespaces that are no longer used.',
        })
      }
      const made = { id: hex(random.bytes(KEY_ID_BYTES)), secret: random.bytes(SECRET_BYTES) }
      change(copy => copy.set(namespace, made))
      return made
    },
    erase: namespace => {
      if (keys.has(namespace)) change(copy => copy.delete(namespace))
    },
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

type Contents = { readonly root: Uint8Array; readonly keys: Keys }

type StoredKey = { readonly namespace: string; readonly id: string; readonly wrapped: string }

const FORMAT = 'muster-keyring-1'

const readKeyringFile = (path: string): Contents | undefined => {
  try {
    const { mode } = statSync(path)
    if ((mode & 0o077) !== 0) {
      throw new AppError(
        'KEYRING_UNUSABLE',
        `the keyring ${path} can be read by others (mode 0${(mode & 0o777).toString(8)})`,
        {
          hint: `Run: chmod 600 ${path}`,
        },
      )
    }
    return parseKeyring(readFileSync(path, 'utf8'))
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined
    if (error instanceof AppError) throw error
    // The cause could quote the file, which is secret: only system calls' errors are passed on.
    const why = systemCodeOf(error)?.startsWith('E') ? messageOf(error) : 'it is damaged'
    throw new AppError('KEYRING_UNUSABLE', `could not read the keyring ${path}: ${why}`, {
      hint: 'Restore it from a backup; without it what was sealed cannot be opened.',
    })
  }
}

const parseKeyring = (text: string): Contents => {
  const { format, root, keys } = JSON.parse(text) as { format: string; root: string; keys: readonly StoredKey[] }
  const rootBytes = Buffer.from(root, 'base64')
  if (format !== FORMAT || rootBytes.length !== SECRET_BYTES) throw new Error('not a keyring')
  return {
    root: rootBytes,
    keys: new Map(keys.map(key => [key.namespace, { id: key.id, secret: unwrap(rootBytes, key) }])),
  }
}

const additional = (key: { readonly namespace: string; readonly id: string }): Buffer =>
  Buffer.from(`${key.id} ${key.namespace}`)

const unwrap = (root: Uint8Array, key: StoredKey): Uint8Array => {
  const bytes = Buffer.from(key.wrapped, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', root, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(additional(key))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  const middle = bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)
  return Buffer.concat([decipher.update(middle), decipher.final()])
}

const wrap = (root: Uint8Array, namespace: string, key: DataKey, random: Random): StoredKey => {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', root, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(additional({ namespace, id: key.id }))
  const wrapped = Buffer.concat([nonce, cipher.update(key.secret), cipher.final(), cipher.getAuthTag()])
  return { namespace, id: key.id, wrapped: wrapped.toString('base64') }
}

/** Replaces the file in one step: whoever reads it, even after a power loss, finds the old one or the new one. */
const writeKeyringFile = (path: string, { root, keys }: Contents, random: Random): void => {
  const stored = [...keys].map(([namespace, key]) => wrap(root, namespace, key, random))
  const text = JSON.stringify({ format: FORMAT, root: Buffer.from(root).toString('base64'), keys: stored })
  const fresh = `${path}.new`
  try {
    makeDirectories(dirname(path), 0o700)
    rmSync(fresh, { force: true })
    withFile(fresh, 'wx', file => {
      writeSync(file, text)
      fsyncSync(file)
    })
    renameSync(fresh, path)
    withFile(dirname(path), 'r', fsyncSync)
  } catch (error) {
    throw new AppError('KEYRING_UNUSABLE', `could not write the keyring ${path}: ${messageOf(error)}`, {
      hint: 'Check that its directory is writable and that the disk has room.',
      cause: error,
    })
  }
}

const withFile = (path: string, flags: 'wx' | 'r', use: (file: number) => void): void => {
  const file = openSync(path, flags, 0o600)
  try {
    use(file)
  } finally {
    closeSync(file)
  }
}
