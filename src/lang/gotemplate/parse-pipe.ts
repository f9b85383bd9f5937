import { MAX_NESTING, MAX_VARIABLES } from './limits.ts'
import type { Command, Operand, Pipe } from './node.ts'
import { type ConstantKind, constantValue } from './parse-constant.ts'
import { TemplateError } from './template-error.ts'
import type { Token } from './token.ts'
import { type TokenReader, unexpected } from './token-reader.ts'

/** What parsing a pipeline needs to know of its surroundings, and writes down for them. */
export type PipeScope = {
  readonly reader: TokenReader
  /** Variables in reach, innermost last; `$` is always the first. A declaration adds to it. */
  readonly variables: string[]
  /** Called for each name that is used as a function. */
  readonly onFunction: (name: string, offset: number) => void
}

const isConstant = (token: Token): token is Token & { readonly kind: ConstantKind } =>
  token.kind === 'bool' ||
  token.kind === 'number' ||
  token.kind === 'char' ||
  token.kind === 'string' ||
  token.kind === 'raw-string'

const startsOperand = (token: Token): boolean =>
  isConstant(token) || ['dot', 'nil', 'field', 'identifier', 'variable', 'left-paren'].includes(token.kind)

const parseTerm = (scope: PipeScope, depth: number): Operand | null => {
  const token = scope.reader.peekPastSpace()
  const { offset } = token
  if (!startsOperand(token)) return null
  scope.reader.next()
  if (isConstant(token)) return { kind: 'constant', value: constantValue(token), offset }
  if (token.kind === 'dot' || token.kind === 'nil') return { kind: token.kind, offset }
  if (token.kind === 'field') return { kind: 'field', names: [token.text.slice(1)], offset }
  if (token.kind === 'variable') {
    if (scope.variables.includes(token.text)) return { kind: 'variable', name: token.text, names: [], offset }
    throw new TemplateError(`undefined variable ${JSON.stringify(token.text)}`, offset)
  }
  if (token.kind === 'left-paren') {
    const pipe = parsePipe(scope, { context: 'parenthesized pipeline', end: 'right-paren', depth: depth + 1 })
    return { kind: 'pipe', pipe, offset }
  }
  scope.onFunction(token.text, offset)
  return { kind: 'function', name: token.text, offset }
}

/** A term with the fields that follow it without white space: `.a.b`, `$x.a`, `(f).a`. */
const parseOperand = (scope: PipeScope, depth: number): Operand | null => {
  const term = parseTerm(scope, depth)
  if (term === null || scope.reader.peek().kind !== 'field') return term
  const names: string[] = []
  while (scope.reader.peek().kind === 'field') names.push(scope.reader.next().text.slice(1))
  switch (term.kind) {
    case 'field':
    case 'variable':
      return { ...term, names: [...term.names, ...names] }
    case 'dot':
    case 'nil':
    case 'constant':
      throw new TemplateError(`unexpected . after term ${describe(term)}`, term.offset)
    case 'function':
    case 'pipe':
    case 'chain':
      return { kind: 'chain', of: term, names, offset: term.offset }
  }
}

const describe = (term: Operand & { readonly kind: 'dot' | 'nil' | 'constant' }): string =>
  term.kind === 'constant' ? JSON.stringify(String(term.value)) : JSON.stringify(term.kind === 'dot' ? '.' : 'nil')

const parseCommand = (scope: PipeScope, depth: number): Command => {
  const { reader } = scope
  const operands: Operand[] = []
  const { offset } = reader.peekPastSpace()
  for (;;) {
    const operand = parseOperand(scope, depth)
    if (operand !== null) operands.push(operand)
    const token = reader.peek()
    if (token.kind === 'space') {
      reader.next()
      continue
    }
    if (token.kind === 'pipe') reader.next()
    else if (token.kind !== 'right' && token.kind !== 'right-paren') throw unexpected(token, 'operand')
    if (operands.length === 0) throw new TemplateError('empty command', offset)
    return { operands, offset }
  }
}

type Declaration = { readonly variables: readonly string[]; readonly isAssignment: boolean }

const declare = (scope: PipeScope, variables: readonly string[], offset: number): void => {
  scope.variables.push(...variables)
  if (scope.variables.length > MAX_VARIABLES)
    throw new TemplateError(`more than ${MAX_VARIABLES} variables in reach`, offset)
}

/** `$x :=`, `$x =`, and for range `$i, $x :=` in front of a pipeline; nothing when it starts otherwise. */
const parseDeclaration = (scope: PipeScope, context: string): Declaration => {
  const { reader } = scope
  const variables: string[] = []
  for (;;) {
    const start = reader.mark()
    const variable = reader.peekPastSpace()
    if (variable.kind !== 'variable') {
      if (variables.length === 0) return { variables, isAssignment: false }
      throw new TemplateError('range can only initialize variables', variable.offset)
    }
    reader.next()
    const after = reader.nextPastSpace()
    if (after.kind === 'declare' || after.kind === 'assign') {
      variables.push(variable.text)
      const isAssignment = after.kind === 'assign'
      if (!isAssignment) declare(scope, variables, variable.offset)
      return { variables, isAssignment }
    }
    if (after.kind !== 'comma') {
      if (variables.length > 0) throw unexpected(after, context)
      reader.reset(start)
      return { variables, isAssignment: false }
    }
    if (context !== 'range' || variables.length > 0)
      throw new TemplateError(`too many declarations in ${context}`, after.offset)
    variables.push(variable.text)
  }
}

const assertExecutable = (commands: readonly Command[], context: string, offset: number): void => {
  if (commands.length === 0) throw new TemplateError(`missing value for ${context}`, offset)
  for (const [index, { operands, offset: at }] of commands.entries()) {
    const first = operands[0]?.kind
    if (index > 0 && (first === 'constant' || first === 'dot' || first === 'nil')) {
      throw new TemplateError(`non executable command in pipeline stage ${index + 1}`, at)
    }
  }
}

export type PipeEnd = { readonly context: string; readonly end: 'right' | 'right-paren'; readonly depth: number }

/** Reads a pipeline up to and with the token that ends it. Throws TemplateError. */
export const parsePipe = (scope: PipeScope, { context, end, depth }: PipeEnd): Pipe => {
  const { reader } = scope
  const { offset } = reader.peekPastSpace()
  if (depth > MAX_NESTING) throw new TemplateError(`nested more than ${MAX_NESTING} levels deep`, offset)
  const declaration = parseDeclaration(scope, context)
  const commands: Command[] = []
  for (;;) {
    const token = reader.peekPastSpace()
    if (token.kind === end) {
      reader.next()
      assertExecutable(commands, context, offset)
      return { ...declaration, commands, offset }
    }
    if (!startsOperand(token)) throw unexpected(token, context)
    commands.push(parseCommand(scope, depth))
  }
}
