import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  buildASTSchema,
  type DocumentNode,
  type GraphQLFieldResolver,
  GraphQLObjectType,
  GraphQLScalarType,
  type GraphQLSchema,
  GraphQLUnionType,
  Kind,
  parse,
} from 'graphql/index.js'

const folder = join(import.meta.dirname, 'schema')
/** The build keeps the schema parsed, beside the bundle: parsing it takes a tenth of a start. */
const parsedPath = join(import.meta.dirname, 'schema.json')

/** The schema as it is written, one file per noun. */
export const schemaText = (): string =>
  readdirSync(folder)
    .filter(name => name.endsWith('.graphql'))
    .toSorted()
    .map(name => readFileSync(join(folder, name), 'utf8'))
    .join('\n')

const schemaDocument = (): DocumentNode =>
  existsSync(parsedPath)
    ? (JSON.parse(readFileSync(parsedPath, 'utf8')) as DocumentNode)
    : parse(schemaText(), { noLocation: true })

/** Functions by type and field. Parent and arguments are what the schema says they are. */
export type Resolvers = Readonly<Record<string, Readonly<Record<string, (...args: never[]) => unknown>>>>

export type ScalarRule = {
  readonly serialize: (value: unknown) => unknown
  readonly parse: (value: unknown) => unknown
}

type Rules = { readonly resolvers: Resolvers; readonly scalars: Readonly<Record<string, ScalarRule>> }

/** The schema with its functions. Throws for a function that belongs to no field: a misspelt name. */
export const createSchema = ({ resolvers, scalars }: Rules): GraphQLSchema => {
  // That it is valid is tested once (test/architecture/api), not at every start: checking takes longer than building it.
  const schema = buildASTSchema(schemaDocument(), { assumeValid: true, assumeValidSDL: true })
  for (const type of Object.values(schema.getTypeMap())) {
    if (type instanceof GraphQLUnionType) type.resolveType = value => nameOf(value)
    if (type instanceof GraphQLScalarType) applyScalar(type, scalars)
  }
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName)
    if (!(type instanceof GraphQLObjectType)) throw new Error(`invariant broken: no object type ${typeName}`)
    for (const [fieldName, resolve] of Object.entries(fields)) {
      const field = type.getFields()[fieldName]
      if (field === undefined) throw new Error(`invariant broken: no field ${typeName}.${fieldName}`)
      // Parents and arguments have the shapes that the schema states; the table cannot say so per field.
      field.resolve = resolve as unknown as GraphQLFieldResolver<unknown, unknown>
    }
  }
  return schema
}

/** Members of unions carry their type's name. */
const nameOf = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null || !('__typename' in value)) return undefined
  return typeof value.__typename === 'string' ? value.__typename : undefined
}

const applyScalar = (type: GraphQLScalarType, scalars: Rules['scalars']): void => {
  const rule = scalars[type.name]
  if (rule === undefined) return
  type.serialize = rule.serialize
  type.parseValue = rule.parse
  type.parseLiteral = node =>
    rule.parse(node.kind === Kind.INT ? Number(node.value) : 'value' in node ? node.value : undefined)
}
