import { lexToken, type Token } from './token.ts'

const openers = new Set(['{', '[', '('])
const closers = new Set(['}', ']', ')'])

/** An item whose brackets do not close within this many characters is taken to never close them. */
const MAX_ITEM_LENGTH = 65_536

/** The offset after a quoted string whose quote opens at `start`: its closing quote, or the end of its line. */
const afterString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += 1) {
    const next = text[at]
    if (next === '\\') at += 1
    else if (next === '"') return at + 1
    else if (next === '\n') return at
  }
  return text.length
}

/** The offset after a heredoc: the end of its closing line. Undefined if it is never closed. */
const afterHeredoc = (text: string, token: Token): number | undefined => {
  for (let at = token.end; at < text.length; ) {
    const lineEnd = text.indexOf('\n', at)
    const end = lineEnd < 0 ? text.length : lineEnd
    if (text.slice(at, end).trim() === token.text) return end
    at = end + 1
  }
  return undefined
}

const afterToken = (text: string, token: Token): number | undefined => {
  if (token.kind === 'quote') return afterString(text, token.start)
  if (token.kind === 'heredoc') return afterHeredoc(text, token)
  if (token.kind === 'invalid' && token.text === '/*') return text.length
  return token.end
}

/** The end of the line on which the offset stands. */
const lineEndAfter = (text: string, offset: number): number => {
  const end = text.indexOf('\n', offset)
  return end < 0 ? text.length : end
}

/**
 * Where to read on after an item that began at `start` and could not be read beyond `fault`: at the first line break (or
 * unmatched closing brace) outside all brackets of the item. If its brackets or a heredoc in it never close, at the end of
 * the line of the fault. Always beyond `start`.
 */
export const skipItem = (text: string, start: number, fault: number): number => {
  let depth = 0
  for (let at = start; at < text.length && at < fault + MAX_ITEM_LENGTH; ) {
    const token = lexToken(text, at, 'kept')
    if (token.kind === 'end') return depth === 0 ? text.length : Math.max(lineEndAfter(text, fault), start + 1)
    if (depth === 0 && token.start >= fault && token.start > start) {
      if (token.kind === 'newline' || token.text === '}') return token.start
    }
    if (token.kind === 'sign' && openers.has(token.text)) depth += 1
    if (token.kind === 'sign' && closers.has(token.text)) depth = Math.max(0, depth - 1)
    const next = afterToken(text, token)
    if (next === undefined) break
    at = next
  }
  return Math.max(lineEndAfter(text, fault), start + 1)
}
