const LINE_FEED = 10

/** The last `count` lines of some bytes; a line feed at the very end closes the last line and opens none. */
export const lastLines = (bytes: Uint8Array, count: number): Uint8Array => {
  if (count === 0) return bytes.subarray(bytes.length)
  let left = count
  for (let index = bytes.length - 2; index >= 0; index--) {
    if (bytes[index] !== LINE_FEED) continue
    left -= 1
    if (left === 0) return bytes.subarray(index + 1)
  }
  return bytes
}
