/**
 * The wire format of redis (RESP 2), as far as the demo speaks it: arrays, bulk strings, simple strings, errors and
 * integers. The client and the stand-in share it.
 */

/** A reply or command longer than this is refused, so that a peer that is no redis cannot fill the memory. */
export const MAX_FRAME_BYTES = 1024 * 1024
const MAX_ITEMS = 10_000
const MAX_DEPTH = 4

/** An error that the other side sent as a reply (`-ERR …`): a value, since one failing command must not end the connection. */
export class RedisError extends Error {}

/** The other side speaks something else than RESP, or too much of it. The connection is of no use any more. */
export class ProtocolError extends Error {}

/** Encodes one command, or any array of strings and numbers, as an array of bulk strings. */
export function encodeCommand(words) {
  const parts = [`*${words.length}\r\n`]
  for (const word of words) {
    const text = String(word)
    parts.push(`$${Buffer.byteLength(text)}\r\n${text}\r\n`)
  }
  return parts.join('')
}

/**
 * Encodes a reply: a number as an integer, null as "nothing", an array as an array, `{ simple }` as a simple string,
 * a RedisError as an error, everything else as a bulk string.
 */
export function encodeReply(value) {
  if (value === null) return '$-1\r\n'
  if (typeof value === 'number') return `:${value}\r\n`
  if (value instanceof RedisError) return `-${value.message.replaceAll(/[\r\n]+/g, ' ')}\r\n`
  if (Array.isArray(value)) return `*${value.length}\r\n${value.map(encodeReply).join('')}`
  if (typeof value === 'object') return `+${value.simple}\r\n`
  const text = String(value)
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`
}

/**
 * A reader that is fed chunks as they arrive and answers the values that are complete: strings, numbers, null, arrays,
 * RedisErrors. Throws ProtocolError on anything else.
 */
export function createRespReader() {
  let pending = Buffer.alloc(0)
  return {
    push(chunk) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
      const values = []
      let offset = 0
      for (;;) {
        const frame = readValue(pending, offset, 0)
        if (frame === undefined) break
        values.push(frame.value)
        offset = frame.end
      }
      pending = pending.subarray(offset)
      if (pending.length > MAX_FRAME_BYTES) throw new ProtocolError(`a frame is longer than ${MAX_FRAME_BYTES} bytes`)
      return values
    },
  }
}

/** One value that starts at `start`: `{ value, end }`, or undefined while bytes are missing. */
function readValue(buffer, start, depth) {
  if (depth > MAX_DEPTH) throw new ProtocolError(`arrays are nested deeper than ${MAX_DEPTH}`)
  const lineEnd = buffer.indexOf('\r\n', start)
  if (lineEnd === -1) return undefined
  const kind = String.fromCharCode(buffer[start])
  const line = buffer.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + 2
  switch (kind) {
    case '+':
      return { value: line, end }
    case '-':
      return { value: new RedisError(line), end }
    case ':':
      return { value: readCount(line, Number.MAX_SAFE_INTEGER), end }
    case '$':
      return readBulk(buffer, readCount(line, MAX_FRAME_BYTES), end)
    case '*':
      return readArray(buffer, readCount(line, MAX_ITEMS), end, depth)
    default:
      throw new ProtocolError(`a value starts with ${JSON.stringify(kind)}, which RESP does not know`)
  }
}

function readCount(text, most) {
  const count = /^-?\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(count) || count > most) {
    throw new ProtocolError(`${JSON.stringify(text.slice(0, 20))} is not a number up to ${most}`)
  }
  return count
}

function readBulk(buffer, length, start) {
  if (length < 0) return { value: null, end: start }
  const end = start + length
  if (buffer.length < end + 2) return undefined
  return { value: buffer.toString('utf8', start, end), end: end + 2 }
}

function readArray(buffer, length, start, depth) {
  if (length < 0) return { value: null, end: start }
  const items = []
  let end = start
  while (items.length < length) {
    const item = readValue(buffer, end, depth + 1)
    if (item === undefined) return undefined
    items.push(item.value)
    end = item.end
  }
  return { value: items, end }
}
