/** SHA-1 over bytes in plain arithmetic (FIPS 180-4), because the domain may not reach for the machine's crypto. Used for names only, never for secrecy. */
const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits))

const padded = (message: Uint8Array): DataView => {
  const length = (((message.length + 8) >> 6) + 1) << 6
  const bytes = new Uint8Array(length)
  bytes.set(message)
  bytes[message.length] = 0x80
  const view = new DataView(bytes.buffer)
  view.setUint32(length - 8, Math.floor(message.length / 2 ** 29))
  view.setUint32(length - 4, (message.length << 3) >>> 0)
  return view
}

const roundOf = (step: number, b: number, c: number, d: number): number => {
  if (step < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (step < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (step < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

const schedule = (view: DataView, block: number, words: Int32Array): void => {
  for (let step = 0; step < 16; step++) words[step] = view.getInt32(block + step * 4)
  for (let step = 16; step < 80; step++) {
    const mixed = (words[step - 3] ?? 0) ^ (words[step - 8] ?? 0) ^ (words[step - 14] ?? 0) ^ (words[step - 16] ?? 0)
    words[step] = rotate(mixed, 1)
  }
}

/** The 20 bytes of SHA-1 of `message`. */
export const sha1 = (message: Uint8Array): Uint8Array => {
  const view = padded(message)
  const words = new Int32Array(80)
  const hash = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0)
  for (let block = 0; block < view.byteLength; block += 64) {
    schedule(view, block, words)
    let [a = 0, b = 0, c = 0, d = 0, e = 0] = hash
    for (let step = 0; step < 80; step++) {
      const next = (rotate(a, 5) + roundOf(step, b, c, d) + e + (words[step] ?? 0)) | 0
      e = d
      d = c
      c = rotate(b, 30)
      b = a
      a = next
    }
    for (const [index, value] of [a, b, c, d, e].entries()) hash[index] = ((hash[index] ?? 0) + value) | 0
  }
  const out = new Uint8Array(20)
  const outView = new DataView(out.buffer)
  for (const [index, word] of hash.entries()) outView.setInt32(index * 4, word)
  return out
}
