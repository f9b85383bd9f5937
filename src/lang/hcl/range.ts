/** A place in a source: `line` and `column` count from 1 (a column is one grapheme cluster), `byte` counts UTF-8 bytes from 0. */
export type Position = { readonly line: number; readonly column: number; readonly byte: number }

/** From `start` up to, and without, `end`. */
export type Range = { readonly start: Position; readonly end: Position }
