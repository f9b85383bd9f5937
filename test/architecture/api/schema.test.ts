import { readFileSync } from 'node:fs'
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
  printSchema,
  validateSchema,
} from 'graphql/index.js'
import { expect, test } from 'vitest'
import { schemaText } from '../../../src/api/graphql/load-schema.ts'

const schema = buildSchema(schemaText())

test('the schema is valid, which a start does not check', () => {
  expect(validateSchema(schema)).toEqual([])
  expect(() => buildSchema(`${schemaText()}\ntype Planted { field: Missing! }`)).toThrow('Unknown type "Missing"')
})

test('the printed schema is that of the files by noun, which scripts/print-schema.ts prints', () => {
  const printed = readFileSync(new URL('../../../src/protocol/schema.graphql', import.meta.url), 'utf8')
  expect(printed).toBe(`${printSchema(schema)}\n`)
})

const own = Object.values(schema.getTypeMap()).filter(
  type => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
)

const membersOf = (
  type: GraphQLNamedType,
): readonly { readonly name: string; readonly description?: string | null | undefined }[] => {
  if (isObjectType(type) || isInputObjectType(type)) return Object.values(type.getFields())
  return isEnumType(type) ? type.getValues() : []
}

test('every type, field, value and input is described', () => {
  expect(own.length).toBeGreaterThan(100)
  const undescribed = own.flatMap(type => [
    ...(type.description ? [] : [type.name]),
    ...membersOf(type)
      .filter(member => !member.description)
      .map(member => `${type.name}.${member.name}`),
  ])
  expect(undescribed).toEqual([])
})

test('every query field that reads a view takes `after`, and every one of jobs and allocations `at`', () => {
  const fields = Object.values(schema.getQueryType()?.getFields() ?? {})
  const without = (argument: string) =>
    fields.filter(field => !field.args.some(candidate => candidate.name === argument)).map(field => field.name)
  expect(without('after')).toEqual(['agent', 'serverMembers'])
  expect(without('at')).toEqual(
    ['position', 'agent', 'serverMembers', 'events'].toSorted(
      (a, b) => fields.findIndex(f => f.name === a) - fields.findIndex(f => f.name === b),
    ),
  )
})

test('every mutation takes one input and answers a success or a rejection', () => {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    expect(field.args.map(argument => argument.name)).toEqual(['input'])
    const payload = String(field.type).replace('!', '')
    expect(payload).toMatch(/Payload$/)
    expect(printSchema(schema)).toMatch(new RegExp(`union ${payload} = \\w+ \\| Rejection`))
  }
})
