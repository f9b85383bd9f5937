const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The segmenter takes time by the square of its text's length, so it gets this many UTF-16 units at a time. */
const CHUNK_LENGTH = 64

const isAscii = (text: string, at: number): boolean => text.charCodeAt(at) < 0x80

/** True if the character at `at` is one by itself: ASCII, followed by ASCII or by nothing, and no CRLF. */
const standsAlone = (text: string, at: number): boolean =>
  isAscii(text, at) && (at + 1 >= text.length || (isAscii(text, at + 1) && !text.startsWith('\r\n', at)))

const chunkAt = (text: string, at: number): string => {
  const end = at + CHUNK_LENGTH
  const splitsPair = end < text.length && (text.charCodeAt(end) & 0xfc00) === 0xdc00
  return text.slice(at, splitsPair ? end + 1 : end)
}

/**
 * The text taken apart into what a person counts as characters (grapheme clusters), in time in proportion to its length.
 * Only a cluster longer than a chunk is cut.
 */
export const charactersOf = (text: string): string[] => {
  const found: string[] = []
  for (let at = 0; at < text.length; ) {
    if (standsAlone(text, at)) {
      found.push(text.charAt(at))
      at += 1
      continue
    }
    const chunk = chunkAt(text, at)
    const segments = Array.from(graphemes.segment(chunk), s => s.segment)
    const reachesEnd = at + chunk.length >= text.length
    // The last cluster of a chunk may go on in the next one.
    const whole = reachesEnd || segments.length === 1 ? segments : segments.slice(0, -1)
    for (const segment of whole) {
      found.push(segment)
      at += segment.length
    }
  }
  return found
}

/** The text with every half of a surrogate pair, which has no UTF-8 form, replaced by a character that is as long. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd')
