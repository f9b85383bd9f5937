import { createHash } from 'node:crypto'
import { define, done, failed, type HclFunction, type Outcome, takes } from '../function.ts'

const digest =
  (algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512') =>
  (text: string): Outcome =>
    done(createHash(algorithm).update(text, 'utf8').digest('hex'))

/** The namespaces of RFC 4122, appendix C. */
const wellKnownNamespaces: ReadonlyMap<string, string> = new Map([
  ['dns', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
  ['url', '6ba7b811-9dad-11d1-80b4-00c04fd430c8'],
  ['oid', '6ba7b812-9dad-11d1-80b4-00c04fd430c8'],
  ['x500', '6ba7b814-9dad-11d1-80b4-00c04fd430c8'],
])

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const uuidFromName = (namespace: string, name: string): Outcome => {
  const base = wellKnownNamespaces.get(namespace) ?? namespace
  if (!uuid.test(base)) return failed('the namespace must be dns, url, oid, x500 or a UUID', 0)
  const hash = createHash('sha1')
    .update(Buffer.from(base.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6)
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8)
  const digits = hash.toString('hex', 0, 16)
  const groups = [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)]
  return done(groups.join('-'))
}

const text = takes.string('str')

export const hashFunctions: readonly HclFunction[] = [
  define('md5', [text], digest('md5')),
  define('sha1', [text], digest('sha1')),
  define('sha256', [text], digest('sha256')),
  define('sha512', [text], digest('sha512')),
  define('uuidv5', [takes.string('namespace'), takes.string('name')], uuidFromName),
]
