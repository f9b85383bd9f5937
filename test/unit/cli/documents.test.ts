import { buildSchema, parse, validate } from 'graphql/index.js'
import { describe, expect, it } from 'vitest'
import { checkCost, shapeRule } from '../../../src/api/graphql/document-rules.ts'
import { MAX_EVENTS_LOOKED_AT } from '../../../src/cli/monitor/deployment-view.ts'
import { MAX_MONITORED_ALLOCATIONS } from '../../../src/cli/monitor/evaluation-view.ts'
import { readText, readTree } from '../../support/source-tree.ts'

const schema = buildSchema(readText('src/protocol/schema.graphql'))

type Named = { readonly name: string; readonly text: string }

const isDocument = (value: unknown): value is { readonly text: string } =>
  typeof value === 'object' && value !== null && 'text' in value && typeof value.text === 'string'

/** Every GraphQL operation that a module of the command line exports. */
const documents: readonly Named[] = (
  await Promise.all(
    readTree('src/cli')
      .filter(file => file.text.includes('document<'))
      .map(async file => {
        const module = (await import(/* @vite-ignore */ `../../../${file.path}`)) as Readonly<Record<string, unknown>>
        return Object.entries(module).flatMap(([name, value]) =>
          isDocument(value) ? [{ name: `${file.path} ${name}`, text: value.text }] : [],
        )
      }),
  )
).flat()

/** The largest pages that any command asks for, and those of the one that nests them. */
const largest = { first: 500, events: 100, versions: 100 }
const watched = { first: MAX_MONITORED_ALLOCATIONS, events: MAX_EVENTS_LOOKED_AT }
const pagesOf = (text: string) => (text.includes('query WatchDeployment') ? watched : largest)

describe('the operations of the command line', () => {
  it('were found', () => {
    expect(documents.length).toBeGreaterThan(30)
  })

  it.each(documents)('$name fits the schema', ({ text }) => {
    expect(validate(schema, parse(text)).map(error => error.message)).toEqual([])
  })

  it.each(documents)('$name stays within the limits of the API', ({ text }) => {
    expect(validate(schema, parse(text), [shapeRule]).map(error => error.message)).toEqual([])
    expect(() => checkCost(schema, parse(text), pagesOf(text))).not.toThrow()
  })
})
