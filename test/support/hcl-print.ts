import { printNumber } from '../../src/lang/hcl/number-literal.ts'
import type { Expression, ObjectItem, TemplatePart } from '../../src/lang/hcl/syntax.ts'

/** Text as it stands between quotes: signs of the language doubled, breaks and quotes escaped. */
export const escapeText = (text: string): string =>
  text
    .replace(/["\\]/g, '\\$&')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/([$%])\{/g, '$1$1{')

const printNames = (names: { readonly keyName?: string; readonly valueName: string }): string =>
  names.keyName === undefined ? names.valueName : `${names.keyName}, ${names.valueName}`

const printPart = (part: TemplatePart, next: TemplatePart | undefined): string => {
  switch (part.kind) {
    case 'text': {
      const text = escapeText(part.value)
      // A sign at the very end would join the brace of a sequence that follows; as an escape it stays apart.
      return next === undefined ? text : text.replace(/[$%]$/, sign => (sign === '$' ? '\\u0024' : '\\u0025'))
    }
    case 'interpolation':
      return `\${${print(part.expression)}}`
    case 'if': {
      const otherwise = part.whenFalse.length === 0 ? '' : `%{ else }${printParts(part.whenFalse)}`
      return `%{ if ${print(part.condition)} }${printParts(part.whenTrue)}${otherwise}%{ endif }`
    }
    case 'for':
      return `%{ for ${printNames(part)} in ${print(part.collection)} }${printParts(part.body)}%{ endfor }`
  }
}

/** Inside a directive something always follows, so a trailing sign is escaped there too. */
const printParts = (parts: readonly TemplatePart[]): string =>
  parts.map((part, index) => printPart(part, parts[index + 1] ?? part)).join('')

const printKey = (item: ObjectItem): string => (item.key.kind === 'name' ? item.key.name : print(item.key.expression))

const printFor = (e: Expression & { readonly kind: 'for' }): string => {
  const [open, close] = e.result.kind === 'list' ? ['[', ']'] : ['{', '}']
  const key = e.result.kind === 'list' ? '' : `${print(e.result.key)} => `
  const dots = e.result.kind === 'groups' ? '...' : ''
  const condition = e.condition === undefined ? '' : ` if ${print(e.condition)}`
  return `${open}for ${printNames(e)} in ${print(e.collection)} : ${key}${print(e.result.value)}${dots}${condition}${close}`
}

/** Writes an expression so that reading it gives the same tree again. */
export const print = (e: Expression): string => {
  switch (e.kind) {
    case 'literal':
      return typeof e.value === 'number' || typeof e.value === 'bigint' ? printNumber(e.value) : String(e.value)
    case 'template':
      return `"${printParts(e.parts)}"`
    case 'variable':
      return e.name
    case 'attribute':
      return `${print(e.target)}.${e.name}`
    case 'index':
      return `${print(e.target)}[${print(e.key)}]`
    case 'splat':
      return `${print(e.target)}${e.form === 'brackets' ? '[*]' : '.*'}${print(e.each)}`
    case 'splat-item':
      return ''
    case 'call':
      return `${e.name}(${e.args.map(print).join(', ')}${e.lastArgument === 'spread' ? '...' : ''})`
    case 'list':
      return `[${e.items.map(print).join(', ')}]`
    case 'object':
      return `{${e.items.map(item => `${printKey(item)} = ${print(item.value)}`).join(', ')}}`
    case 'for':
      return printFor(e)
    case 'unary':
      return `${e.operator}${print(e.operand)}`
    case 'binary':
      return `${print(e.left)} ${e.operator} ${print(e.right)}`
    case 'conditional':
      return `${print(e.condition)} ? ${print(e.whenTrue)} : ${print(e.whenFalse)}`
    case 'parentheses':
      return `(${print(e.inner)})`
    case 'invalid':
      throw new Error('an invalid expression has no text')
  }
}
