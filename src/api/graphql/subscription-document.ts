import { getVariableValues } from 'graphql/execution/values.js'
import {
  type DocumentNode,
  type GraphQLSchema,
  getArgumentValues,
  getOperationAST,
  Kind,
  OperationTypeNode,
  specifiedRules,
  validate,
} from 'graphql/index.js'
import { AppError } from '../../platform/errors.ts'
import { checkCost, parseDocument, shapeRule } from './document-rules.ts'

export type SubscriptionRequest = {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | null
}

export type PreparedSubscription = {
  readonly document: DocumentNode
  /** The one field of Subscription that is asked for, with its arguments. */
  readonly field: string
  readonly args: Readonly<Record<string, unknown>>
  readonly variables: Readonly<Record<string, unknown>>
}

const invalid = (message: string): AppError => new AppError('REQUEST_INVALID', message)

/** Reads and checks a document as a query's would be. Throws coded errors, or a list of GraphQL's own. */
export const prepareSubscription = (schema: GraphQLSchema, request: SubscriptionRequest): PreparedSubscription => {
  const document = parseDocument(request.query)
  const faults = validate(schema, document, [...specifiedRules, shapeRule])
  if (faults.length > 0) throw new AggregateError(faults, 'the document does not fit the schema')
  checkCost(schema, document, request.variables)
  const operation = getOperationAST(document, request.operationName)
  if (operation?.operation !== OperationTypeNode.SUBSCRIPTION)
    throw invalid('only subscriptions come over this connection: send queries and mutations with POST')
  const [selection] = operation.selectionSet.selections
  if (selection?.kind !== Kind.FIELD) throw invalid('a subscription starts with a field, not with a fragment')
  const coerced = getVariableValues(schema, operation.variableDefinitions ?? [], request.variables)
  if (coerced.errors !== undefined) throw new AggregateError(coerced.errors, 'the variables do not fit the document')
  const definition = schema.getSubscriptionType()?.getFields()[selection.name.value]
  if (definition === undefined) throw invalid(`there is no subscription ${selection.name.value}`)
  return {
    document,
    field: selection.name.value,
    args: getArgumentValues(definition, selection, coerced.coerced),
    variables: request.variables,
  }
}
