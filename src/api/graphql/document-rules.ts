import {
  type ASTVisitor,
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  type GraphQLField,
  type GraphQLNamedOutputType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  parse,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql/index.js'
import { AppError } from '../../platform/errors.ts'
import {
  ASSUMED_LIST_SIZE,
  COST_OF_SOURCE,
  DEFAULT_PAGE_SIZE,
  MAX_ALIASES,
  MAX_COST,
  MAX_DEPTH,
  MAX_DOCUMENT_LENGTH,
  MAX_PAGE_SIZE,
  MAX_ROOT_FIELDS,
  MAX_TOKENS,
} from './limits.ts'

const tooMuch = (what: string): AppError =>
  new AppError('REQUEST_TOO_LARGE', what, { hint: 'ask for less at once, in several requests' })

/** A document's text, read under the limits. Throws REQUEST_INVALID for one that is no GraphQL, REQUEST_TOO_LARGE for one that is too long. */
export const parseDocument = (text: string): DocumentNode => {
  if (text.length > MAX_DOCUMENT_LENGTH)
    throw tooMuch(`the document has ${text.length} characters, the limit is ${MAX_DOCUMENT_LENGTH}`)
  try {
    return parse(text, { maxTokens: MAX_TOKENS })
  } catch (error) {
    const message = error instanceof GraphQLError ? error.message : 'it cannot be read'
    if (message.includes('tokens')) throw tooMuch(`the document has more than ${MAX_TOKENS} tokens`)
    throw new AppError('REQUEST_INVALID', `the document is not GraphQL: ${message}`)
  }
}

const fragmentsOf = (document: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> =>
  new Map(
    document.definitions.flatMap(definition =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition] as const] : [],
    ),
  )

/** The depth of a selection, fragments expanded. A fragment inside itself counts once: another rule refuses it. */
const createDepth = (fragments: ReadonlyMap<string, FragmentDefinitionNode>) => {
  const known = new Map<string, number>()
  const depthOf = (selections: SelectionSetNode): number =>
    Math.max(
      0,
      ...selections.selections.map(selection => {
        if (selection.kind === Kind.FIELD)
          return selection.selectionSet === undefined ? 1 : 1 + depthOf(selection.selectionSet)
        if (selection.kind === Kind.INLINE_FRAGMENT) return depthOf(selection.selectionSet)
        return depthOfFragment(selection.name.value)
      }),
    )
  const depthOfFragment = (name: string): number => {
    const before = known.get(name)
    if (before !== undefined) return before
    known.set(name, 0)
    const fragment = fragments.get(name)
    const depth = fragment === undefined ? 0 : depthOf(fragment.selectionSet)
    known.set(name, depth)
    return depth
  }
  return depthOf
}

/** Refuses documents that are too deep or that use too many aliases or root fields, whatever their variables. */
export const shapeRule = (context: ValidationContext): ASTVisitor => {
  let aliases = 0
  const depthOf = createDepth(fragmentsOf(context.getDocument()))
  const refuse = (message: string): void => context.reportError(new GraphQLError(message))
  return {
    Field: field => {
      if (field.alias !== undefined) aliases += 1
      if (aliases === MAX_ALIASES + 1) refuse(`the document has more than ${MAX_ALIASES} aliases`)
    },
    OperationDefinition: operation => {
      const depth = depthOf(operation.selectionSet)
      if (depth > MAX_DEPTH) refuse(`the document is ${depth} fields deep, the limit is ${MAX_DEPTH}`)
      const roots = operation.selectionSet.selections.length
      if (roots > MAX_ROOT_FIELDS) refuse(`the document has ${roots} root fields, the limit is ${MAX_ROOT_FIELDS}`)
    },
  }
}

type Variables = Readonly<Record<string, unknown>>
type CostContext = {
  readonly schema: GraphQLSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: Variables
  /** Costs of fragments that were computed, so that nested ones cost no more to look at than to write. */
  readonly known: Map<string, number>
}

const isList = (type: GraphQLOutputType): boolean => isListType(isNonNullType(type) ? type.ofType : type)

type Field = GraphQLField<unknown, unknown>
type FieldNode = Extract<SelectionSetNode['selections'][number], { kind: typeof Kind.FIELD }>

/** How many objects a field stands for: what `first` says, else a page, or what a plain list is taken to hold. */
const sizeOf = (node: FieldNode, { type, args }: Field, context: CostContext): number => {
  const isPaged = args.some(argument => argument.name === 'first')
  const value = node.arguments?.find(argument => argument.name.value === 'first')?.value
  const given =
    value?.kind === Kind.VARIABLE
      ? context.variables[value.name.value]
      : value?.kind === Kind.INT
        ? Number(value.value)
        : null
  if (typeof given === 'number' && given > 0) return Math.min(given, MAX_PAGE_SIZE)
  if (isPaged) return DEFAULT_PAGE_SIZE
  return isList(type) ? ASSUMED_LIST_SIZE : 1
}

/** Types of which one object costs as much as many: read from the log when it is asked for, and large. */
const weights: ReadonlyMap<string, number> = new Map([['JobSource', COST_OF_SOURCE]])

const costOfField = (node: FieldNode, parent: GraphQLNamedOutputType, context: CostContext): number => {
  if (!(isObjectType(parent) || isInterfaceType(parent))) return 0
  const field = parent.getFields()[node.name.value]
  if (field === undefined || node.selectionSet === undefined) return 0
  const type = getNamedType(field.type)
  if (!isCompositeType(type)) return 0
  // The entries of a page are counted by the field that the page's size stands at.
  const isInPage = parent.name.endsWith('Connection')
  const size = isInPage ? 1 : sizeOf(node, field, context)
  const isConnection = type.name.endsWith('Connection')
  const inside = costOfSelections(node.selectionSet, type, context)
  return isConnection ? 1 + size * inside : size * ((weights.get(type.name) ?? 1) + inside)
}

const costOfFragment = (name: string, context: CostContext): number => {
  const before = context.known.get(name)
  if (before !== undefined) return before
  context.known.set(name, 0)
  const fragment = context.fragments.get(name)
  const type = fragment === undefined ? undefined : context.schema.getType(fragment.typeCondition.name.value)
  const isUsable = fragment !== undefined && type !== undefined && isCompositeType(type)
  const cost = isUsable ? costOfSelections(fragment.selectionSet, type, context) : 0
  context.known.set(name, cost)
  return cost
}

const costOfSelections = (set: SelectionSetNode, parent: GraphQLNamedOutputType, context: CostContext): number => {
  let cost = 0
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) cost += costOfField(selection, parent, context)
    else if (selection.kind === Kind.FRAGMENT_SPREAD) cost += costOfFragment(selection.name.value, context)
    else {
      const condition = selection.typeCondition?.name.value
      const type = condition === undefined ? parent : context.schema.getType(condition)
      if (type !== undefined && isCompositeType(type)) cost += costOfSelections(selection.selectionSet, type, context)
    }
  }
  return cost
}

/** Throws REQUEST_TOO_LARGE for a document that asks for more than MAX_COST objects with these variables. */
export const checkCost = (schema: GraphQLSchema, document: DocumentNode, variables: Variables): void => {
  const context: CostContext = { schema, fragments: fragmentsOf(document), variables, known: new Map() }
  let cost = 0
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.OPERATION_DEFINITION) continue
    const root = schema.getRootType(definition.operation)
    if (root) cost += costOfSelections(definition.selectionSet, root, context)
  }
  if (cost > MAX_COST) throw tooMuch(`the document asks for up to ${cost} objects, the limit is ${MAX_COST}`)
}
