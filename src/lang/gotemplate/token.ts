export const keywords = [
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'range',
  'template',
  'with',
] as const

export type Keyword = (typeof keywords)[number]

/** One piece of a template's source. `offset` is where it starts; `text` is what it says there, text tokens trimmed. */
export type Token = {
  readonly kind:
    | 'text'
    | 'left'
    | 'right'
    | 'space'
    | 'identifier'
    | 'keyword'
    | 'field'
    | 'variable'
    | 'dot'
    | 'nil'
    | 'bool'
    | 'number'
    | 'char'
    | 'string'
    | 'raw-string'
    | 'assign'
    | 'declare'
    | 'pipe'
    | 'comma'
    | 'left-paren'
    | 'right-paren'
    | 'end-of-source'
  readonly text: string
  readonly offset: number
}
