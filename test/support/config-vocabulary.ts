import { decodeAgent } from '../../src/config/blocks/agent.ts'
import { type Body, createBudget, type DecodeContext, parseHcl, standardFunctions } from '../../src/lang/hcl/index.ts'
import type { BlockVocabulary } from './reference-tables.ts'

/** A configuration in which every block that is read stands. */
const everyBlock = `
addresses {
}
ports {
}
advertise {
}
server {
}
client {
  server_join {
  }
  reserved {
  }
}
plugin "docker" {
  config {
  }
}
plugin "raw_exec" {
  config {
  }
}
telemetry {
}
eventstore {
  kind = "sqlite"
}
`

/** Each body by the types and labels of the blocks that it stands in. */
const pathsIn = (body: Body, path: string, into: Map<Body, string>): ReadonlyMap<Body, string> => {
  into.set(body, path === '' ? 'agent' : path)
  for (const block of body.blocks) {
    const own = [block.type, ...block.labels.map(({ value }) => value)].join(' ')
    pathsIn(block.body, `${path} ${own}`.trim(), into)
  }
  return into
}

/** Every name that the code asks for or knows, block by block, in the order in which the blocks stand. */
export const configVocabulary = (): readonly BlockVocabulary[] => {
  const file = parseHcl(everyBlock, 'every-block')
  const paths = pathsIn(file.body, '', new Map())
  const found = new Map<string, BlockVocabulary>()
  const context: DecodeContext = {
    scope: { functions: standardFunctions, budget: createBudget(), lookUp: () => ({ kind: 'absent', candidates: [] }) },
    scopes: new WeakMap(),
    diagnostics: [],
    onVocabulary: (body, fields, known) => {
      const path = paths.get(body)
      if (path !== undefined) found.set(path, { path, fields, known })
    },
  }
  decodeAgent(file.body, context)
  return [...paths.values()].flatMap(path => found.get(path) ?? [])
}
