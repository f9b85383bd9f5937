import { MAX_NESTING } from './limits.ts'
import type { NodeList, TemplateNode } from './node.ts'
import { constantValue } from './parse-constant.ts'
import { type PipeScope, parsePipe } from './parse-pipe.ts'
import { TemplateError } from './template-error.ts'
import type { Keyword, Token } from './token.ts'
import { type TokenReader, unexpected } from './token-reader.ts'

/** All templates of one source by name; the source itself, outside of its defines, has the name ''. */
export type TemplateSet = ReadonlyMap<string, NodeList>

type Parser = {
  readonly reader: TokenReader
  readonly onFunction: (name: string, offset: number) => void
  readonly templates: Map<string, NodeList>
  variables: string[]
  rangeDepth: number
  nesting: number
}

const pipeUpTo = (parser: Parser, context: string): ReturnType<typeof parsePipe> => {
  const scope: PipeScope = { reader: parser.reader, variables: parser.variables, onFunction: parser.onFunction }
  return parsePipe(scope, { context, end: 'right', depth: parser.nesting })
}

const expect = (parser: Parser, kind: Token['kind'], context: string): Token => {
  const token = parser.reader.nextPastSpace()
  if (token.kind !== kind) throw unexpected(token, context)
  return token
}

/** A name in quotes, as define, template and block want it. */
const parseName = (parser: Parser, context: string): string => {
  const token = parser.reader.nextPastSpace()
  if (token.kind !== 'string' && token.kind !== 'raw-string') throw unexpected(token, context)
  return String(constantValue({ ...token, kind: token.kind }))
}

type Stop = { readonly word: 'end' | 'else'; readonly token: Token }

/** Nodes up to the `end` or `else` that closes them; that word is read, what follows it in its action is not. */
const parseList = (parser: Parser, context: string): { readonly nodes: NodeList; readonly stop: Stop } => {
  const nodes: TemplateNode[] = []
  for (;;) {
    const token = parser.reader.next()
    if (token.kind === 'text') nodes.push({ kind: 'text', text: token.text })
    else if (token.kind === 'left') {
      const word = parser.reader.peekPastSpace()
      if (word.kind === 'keyword' && (word.text === 'end' || word.text === 'else')) {
        parser.reader.next()
        return { nodes, stop: { word: word.text, token: word } }
      }
      nodes.push(parseAction(parser))
    } else throw unexpected(token, context)
  }
}

const isEmptyList = (nodes: NodeList): boolean => nodes.every(node => node.kind === 'text' && node.text.trim() === '')

/** Gives a template its name. Several with text are an error; an empty one never replaces another. */
const addTemplate = (parser: Parser, name: string, nodes: NodeList, offset: number): void => {
  const before = parser.templates.get(name)
  if (before !== undefined && !isEmptyList(before)) {
    if (isEmptyList(nodes)) return
    throw new TemplateError(`multiple definition of template ${JSON.stringify(name)}`, offset)
  }
  parser.templates.set(name, nodes)
}

/** The body of a define or a block: variables and loops outside of it are out of its reach. */
const parseBody = (parser: Parser, context: string): NodeList => {
  const { variables, rangeDepth } = parser
  parser.variables = ['$']
  parser.rangeDepth = 0
  const { nodes, stop } = parseList(parser, context)
  if (stop.word !== 'end') throw unexpected(stop.token, context)
  expect(parser, 'right', 'end')
  parser.variables = variables
  parser.rangeDepth = rangeDepth
  return nodes
}

const parseDefine = (parser: Parser, offset: number): void => {
  const name = parseName(parser, 'define clause')
  expect(parser, 'right', 'define clause')
  addTemplate(parser, name, parseBody(parser, 'define clause'), offset)
}

/** What an else leads to: nothing more to read after `else if` and `else with`, whose own end closes both. */
const parseElse = (parser: Parser, kind: 'if' | 'with' | 'range'): NodeList => {
  const word = parser.reader.peekPastSpace()
  if (word.kind === 'keyword' && word.text === kind && kind !== 'range') {
    parser.reader.next()
    return [parseControl(parser, kind, word.offset)]
  }
  expect(parser, 'right', 'else')
  const { nodes, stop } = parseList(parser, kind)
  if (stop.word !== 'end') throw new TemplateError(`expected end; found {{else}}`, stop.token.offset)
  expect(parser, 'right', 'end')
  return nodes
}

const parseControl = (parser: Parser, kind: 'if' | 'with' | 'range', offset: number): TemplateNode => {
  if (parser.nesting >= MAX_NESTING) throw new TemplateError(`nested more than ${MAX_NESTING} levels deep`, offset)
  parser.nesting++
  const inReach = parser.variables.length
  const pipe = pipeUpTo(parser, kind)
  if (kind === 'range') parser.rangeDepth++
  const { nodes: body, stop } = parseList(parser, kind)
  if (kind === 'range') parser.rangeDepth--
  let otherwise: NodeList = []
  if (stop.word === 'else') otherwise = parseElse(parser, kind)
  else expect(parser, 'right', 'end')
  parser.variables.length = inReach
  parser.nesting--
  return { kind, pipe, body, otherwise }
}

const parseTemplateCall = (parser: Parser, offset: number): TemplateNode => {
  const name = parseName(parser, 'template clause')
  if (parser.reader.peekPastSpace().kind === 'right') {
    parser.reader.next()
    return { kind: 'template', name, pipe: null, offset }
  }
  return { kind: 'template', name, pipe: pipeUpTo(parser, 'template clause'), offset }
}

const parseBlock = (parser: Parser, offset: number): TemplateNode => {
  const name = parseName(parser, 'block clause')
  const pipe = pipeUpTo(parser, 'block clause')
  parser.nesting++
  if (parser.nesting > MAX_NESTING) throw new TemplateError(`nested more than ${MAX_NESTING} levels deep`, offset)
  addTemplate(parser, name, parseBody(parser, 'block clause'), offset)
  parser.nesting--
  return { kind: 'template', name, pipe, offset }
}

const parseKeyword = (parser: Parser, word: Keyword, token: Token): TemplateNode => {
  switch (word) {
    case 'if':
    case 'with':
    case 'range':
      return parseControl(parser, word, token.offset)
    case 'template':
      return parseTemplateCall(parser, token.offset)
    case 'block':
      return parseBlock(parser, token.offset)
    case 'break':
    case 'continue':
      expect(parser, 'right', `{{${word}}}`)
      if (parser.rangeDepth === 0) throw new TemplateError(`{{${word}}} outside {{range}}`, token.offset)
      return { kind: word }
    case 'define':
    case 'else':
    case 'end':
      throw new TemplateError(`unexpected {{${word}}}`, token.offset)
  }
}

/** An action whose opening delimiter is read. */
const parseAction = (parser: Parser): TemplateNode => {
  const token = parser.reader.peekPastSpace()
  if (token.kind === 'keyword') {
    parser.reader.next()
    return parseKeyword(parser, token.text as Keyword, token)
  }
  return { kind: 'action', pipe: pipeUpTo(parser, 'command') }
}

/** Reads a whole source into its templates. Throws TemplateError. */
export const parseTree = (reader: TokenReader, onFunction: (name: string, offset: number) => void): TemplateSet => {
  const parser: Parser = { reader, onFunction, templates: new Map(), variables: ['$'], rangeDepth: 0, nesting: 0 }
  const nodes: TemplateNode[] = []
  for (;;) {
    const token = reader.next()
    if (token.kind === 'end-of-source') break
    if (token.kind === 'text') nodes.push({ kind: 'text', text: token.text })
    else if (token.kind === 'left') {
      const word = reader.peekPastSpace()
      if (word.kind === 'keyword' && word.text === 'define') {
        reader.next()
        parseDefine(parser, word.offset)
      } else nodes.push(parseAction(parser))
    } else throw unexpected(token, 'input')
  }
  return parser.templates.set('', nodes)
}
