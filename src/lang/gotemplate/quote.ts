const simple: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
}

const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

const escaped = (code: number): string => {
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x1_0000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}

const quoteCharacter = (character: string, quote: string, isAscii: boolean): string => {
  if (character === quote) return `\\${quote}`
  const short = simple[character]
  if (short !== undefined) return short
  const code = character.codePointAt(0) ?? 0
  return printable.test(character) && (!isAscii || code < 0x80) ? character : escaped(code)
}

/** A text in quotes as a Go literal: what is not printable (or, on demand, not ASCII) as an escape. */
export const goQuote = (text: string, quote: '"' | "'" = '"', isAscii = false): string =>
  `${quote}${Array.from(text, character => quoteCharacter(character, quote, isAscii)).join('')}${quote}`

const isControl = (character: string): boolean => {
  const code = character.charCodeAt(0)
  return (code < 0x20 && character !== '\t') || code === 0x7f || character === '\ufeff'
}

/** Whether Go would show a text between backquotes: no backquote and no control character but tab. */
export const canBackquote = (text: string): boolean => !text.includes('`') && !Array.from(text).some(isControl)
