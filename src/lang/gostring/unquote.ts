/** Quoted constants of Go, as its language and those that follow it write them. */

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
}

const escapePattern =
  /\\(?:x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\'"]))|([^\\])/suy

export type Piece =
  | { readonly kind: 'byte'; readonly byte: number }
  | { readonly kind: 'character'; readonly code: number }

const isCharacterCode = (code: number): boolean => code <= 0x10_ffff && !(code >= 0xd800 && code <= 0xdfff)

/** What one escape or one plain character stands for, or null where Go refuses it. `quote` may only be escaped in itself. */
const pieceOf = (match: RegExpExecArray, quote: string): Piece | null => {
  const [, hex, octal, short, long, simple, plain] = match
  if (hex !== undefined) return { kind: 'byte', byte: Number.parseInt(hex, 16) }
  if (octal !== undefined) {
    const byte = Number.parseInt(octal, 8)
    return byte < 256 ? { kind: 'byte', byte } : null
  }
  if (simple !== undefined) {
    const isOtherQuote = simple !== quote && (simple === '"' || simple === "'")
    return isOtherQuote ? null : { kind: 'character', code: simpleEscapes[simple] ?? 0 }
  }
  if (plain !== undefined) return { kind: 'character', code: plain.codePointAt(0) ?? 0 }
  const code = Number.parseInt(short ?? long ?? '', 16)
  return isCharacterCode(code) ? { kind: 'character', code } : null
}

/** The pieces of a quoted constant without its quotes, or null where Go refuses it. */
export const piecesOf = (text: string): readonly Piece[] | null => {
  const quote = text[0] ?? ''
  const inner = text.slice(1, -1)
  const pieces: Piece[] = []
  escapePattern.lastIndex = 0
  while (escapePattern.lastIndex < inner.length) {
    const match = escapePattern.exec(inner)
    const piece = match === null ? null : pieceOf(match, quote)
    if (piece === null) return null
    pieces.push(piece)
  }
  return pieces
}

/** What a constant in double quotes or backquotes stands for, or null where Go refuses it. */
export const unquote = (text: string): string | null => {
  if (text.startsWith('`')) return text.slice(1, -1).replaceAll('\r', '')
  const pieces = piecesOf(text)
  if (pieces === null) return null
  // Escapes can name single bytes, so a string is put together from bytes and read as UTF-8 at the end.
  const parts = pieces.map(piece =>
    piece.kind === 'byte' ? Buffer.of(piece.byte) : Buffer.from(String.fromCodePoint(piece.code)),
  )
  return Buffer.concat(parts).toString('utf8')
}
