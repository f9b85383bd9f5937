import { writeFileSync } from 'node:fs'
import { buildSchema, printSchema } from 'graphql/index.js'
import { schemaText } from '../src/api/graphql/load-schema.ts'

/** Prints the schema, files by noun put together, to where clients and reviewers read it. */
writeFileSync(new URL('../src/protocol/schema.graphql', import.meta.url), `${printSchema(buildSchema(schemaText()))}\n`)
