import { damaged, MAX_LINE_BYTES } from './format.ts'

const NEWLINE = 0x0a

/** The lines of a file, each without its end. Throws LOG_FILE_DAMAGED for one that is too long or cut off. */
export async function* linesOf(name: string, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Buffer[]> {
  let count = 0
  let rest: Buffer[] = []
  let restBytes = 0
  const checkLength = (length: number): void => {
    if (length > MAX_LINE_BYTES) throw damaged(name, count + 1, `it is longer than ${MAX_LINE_BYTES} bytes`)
  }
  for await (const bytes of chunks) {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const lines: Buffer[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const tail = chunk.subarray(start, end)
      checkLength(restBytes + tail.length)
      lines.push(restBytes === 0 ? tail : Buffer.concat([...rest, tail]))
      count += 1
      rest = []
      restBytes = 0
      start = end + 1
    }
    if (start < chunk.length) {
      // A copy: whoever reads the file may use the same memory for the next chunk.
      rest.push(Buffer.from(chunk.subarray(start)))
      restBytes += chunk.length - start
      checkLength(restBytes)
    }
    if (lines.length > 0) yield lines
  }
  if (restBytes > 0) throw damaged(name, count + 1, 'it is cut off')
}
