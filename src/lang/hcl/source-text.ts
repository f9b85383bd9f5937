import { charactersOf } from './characters.ts'
import type { Position, Range } from './range.ts'

/** A text with a table of its lines, so that an offset (UTF-16 units) becomes a place that a person can find. */
export type SourceText = {
  readonly text: string
  readonly positionAt: (offset: number) => Position
  readonly rangeOf: (startOffset: number, endOffset: number) => Range
  /** The line's text without its line break; empty for a line that is not there. */
  readonly lineAt: (line: number) => string
  /** The offset of a place given as line and column; clamped to the line's end. */
  readonly offsetAt: (line: number, column: number) => number
}

const BYTE_ORDER_MARK = '\ufeff'
const notAscii = /\P{ASCII}/u

/** Columns and bytes at each offset of one line that is not plain ASCII; both counted from 0 at the line's start. */
type LineTable = { readonly columns: Uint32Array; readonly bytes: Uint32Array }

const tableOf = (line: string): LineTable => {
  const columns = new Uint32Array(line.length + 1)
  const bytes = new Uint32Array(line.length + 1)
  let column = 0
  let byte = 0
  let index = 0
  for (const character of charactersOf(line)) {
    columns.fill(column, index, index + character.length)
    bytes.fill(byte, index, index + character.length)
    if (character !== BYTE_ORDER_MARK) column += 1
    byte += Buffer.byteLength(character)
    index += character.length
  }
  columns[line.length] = column
  bytes[line.length] = byte
  return { columns, bytes }
}

const lineStartsOf = (text: string): number[] => {
  const starts = [0]
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return starts
}

/** Builds the table of lines. Positions of plain ASCII lines cost a binary search; other lines are measured once, when asked. */
export const sourceText = (text: string): SourceText => {
  const starts = lineStartsOf(text)
  const isAscii = !notAscii.test(text)
  const tables = new Map<number, LineTable | 'ascii'>()
  let byteStarts: Float64Array | undefined

  const endOf = (index: number): number => starts[index + 1] ?? text.length
  const rawLine = (index: number): string => text.slice(starts[index] ?? text.length, endOf(index))

  const byteStartOf = (index: number): number => {
    if (isAscii) return starts[index] ?? text.length
    if (byteStarts === undefined) {
      byteStarts = new Float64Array(starts.length)
      let total = 0
      for (let i = 0; i < starts.length; i += 1) {
        byteStarts[i] = total
        total += Buffer.byteLength(rawLine(i))
      }
    }
    return byteStarts[index] ?? 0
  }

  const lineTable = (index: number): LineTable | 'ascii' => {
    if (isAscii) return 'ascii'
    const known = tables.get(index)
    if (known !== undefined) return known
    const line = rawLine(index)
    const table = notAscii.test(line) ? tableOf(line) : 'ascii'
    tables.set(index, table)
    return table
  }

  const lineIndexAt = (offset: number): number => {
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }

  const positionAt = (offset: number): Position => {
    const at = Math.max(0, Math.min(offset, text.length))
    const index = lineIndexAt(at)
    const inLine = at - (starts[index] ?? 0)
    const table = lineTable(index)
    const column = table === 'ascii' ? inLine : (table.columns[inLine] ?? 0)
    const byte = table === 'ascii' ? inLine : (table.bytes[inLine] ?? 0)
    return { line: index + 1, column: column + 1, byte: byteStartOf(index) + byte }
  }

  const lineAt = (line: number): string =>
    rawLine(line - 1)
      .replace(/\r?\n$/, '')
      .replace(BYTE_ORDER_MARK, '')

  const offsetAt = (line: number, column: number): number => {
    const index = Math.max(0, Math.min(line - 1, starts.length - 1))
    const start = starts[index] ?? 0
    const table = lineTable(index)
    const wanted = Math.max(0, column - 1)
    if (table === 'ascii') return Math.min(start + wanted, endOf(index))
    const characters = rawLine(index)
    const found = table.columns.findIndex((c, at) => c >= wanted && characters[at] !== BYTE_ORDER_MARK)
    return found < 0 ? endOf(index) : start + found
  }

  return {
    text,
    positionAt,
    rangeOf: (startOffset, endOffset) => ({ start: positionAt(startOffset), end: positionAt(endOffset) }),
    lineAt,
    offsetAt,
  }
}
