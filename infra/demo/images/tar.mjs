import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'

const BLOCK_BYTES = 512
const MAX_NAME_BYTES = 100
const MAX_PREFIX_BYTES = 155
/** Eleven octal digits. */
const MAX_FILE_BYTES = 0o77777777777

/**
 * Yields a ustar archive of the files, reading each only when its turn comes. A file is `{ path }` (absolute, inside the
 * image) and one of `from` (a file of this machine, followed through links), `content` (text or buffer), `linkTo`,
 * `isDirectory`; `mode` where the default (0755 directories and `from`, 0644 content) does not fit. Directories that lead
 * to a file are added. All belong to root and carry the same time, so equal files give equal archives.
 */
export async function* tarOf(files) {
  const done = new Set()
  for (const file of withFolders(files)) {
    if (done.has(file.path)) continue
    done.add(file.path)
    yield* entryOf(file)
  }
  yield Buffer.alloc(2 * BLOCK_BYTES)
}

function* withFolders(files) {
  for (const file of files) {
    const steps = file.path.split('/').slice(1, -1)
    for (let depth = 1; depth <= steps.length; depth += 1)
      yield { path: `/${steps.slice(0, depth).join('/')}`, isDirectory: true }
    yield file
  }
}

async function* entryOf(file) {
  if (file.isDirectory) return yield header({ name: `${file.path}/`, mode: file.mode ?? 0o755, size: 0, type: '5' })
  if (file.linkTo !== undefined)
    return yield header({ name: file.path, mode: 0o777, size: 0, type: '2', linkTo: file.linkTo })
  if (file.content !== undefined) {
    const content = Buffer.from(file.content)
    yield header({ name: file.path, mode: file.mode ?? 0o644, size: content.length, type: '0' })
    yield content
    return yield padding(content.length)
  }
  const { size } = await stat(file.from)
  yield header({ name: file.path, mode: file.mode ?? 0o755, size, type: '0' })
  let sent = 0
  for await (const chunk of createReadStream(file.from, { highWaterMark: 1024 * 1024, end: Math.max(0, size - 1) })) {
    sent += chunk.length
    yield chunk
  }
  if (sent !== size) throw new Error(`${file.from} changed its size from ${size} to ${sent} bytes while it was read`)
  yield padding(size)
}

const padding = size => Buffer.alloc((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES)

function header({ name, mode, size, type, linkTo = '' }) {
  const [prefix, rest] = splitName(name.replace(/^\//, ''))
  if (Buffer.byteLength(linkTo) > MAX_NAME_BYTES)
    throw new Error(`the link target ${linkTo} is longer than ${MAX_NAME_BYTES} bytes`)
  if (size > MAX_FILE_BYTES) throw new Error(`${name} is larger than ${MAX_FILE_BYTES} bytes`)
  const block = Buffer.alloc(BLOCK_BYTES)
  const octal = (value, at, digits) => block.write(`${value.toString(8).padStart(digits, '0')}\0`, at)
  block.write(rest, 0)
  octal(mode, 100, 7)
  octal(0, 108, 7)
  octal(0, 116, 7)
  octal(size, 124, 11)
  octal(0, 136, 11)
  block.write(' '.repeat(8), 148)
  block.write(type, 156)
  block.write(linkTo, 157)
  block.write('ustar\0' + '00', 257)
  block.write(prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

/** The two name fields of ustar: a long path is cut at one of its slashes. */
function splitName(name) {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return ['', name]
  for (let cut = name.indexOf('/'); cut !== -1; cut = name.indexOf('/', cut + 1)) {
    const [prefix, rest] = [name.slice(0, cut), name.slice(cut + 1)]
    if (rest !== '' && Buffer.byteLength(rest) <= MAX_NAME_BYTES && Buffer.byteLength(prefix) <= MAX_PREFIX_BYTES)
      return [prefix, rest]
  }
  throw new Error(`the path ${name} is too long for a tar archive`)
}
