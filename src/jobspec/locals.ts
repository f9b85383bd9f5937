import {
  type Attribute,
  type Body,
  type Budget,
  type Diagnostic,
  referencesOf,
  report,
  UNKNOWN,
  type Value,
} from '../lang/hcl/index.ts'
import { evaluateLeniently } from './evaluate-leniently.ts'
import { scopeOf } from './scope.ts'

type Diagnostics = { readonly diagnostics: Diagnostic[] }

const localsIn = (body: Body, context: Diagnostics): ReadonlyMap<string, Attribute> => {
  const locals = new Map<string, Attribute>()
  for (const block of body.blocks.filter(candidate => candidate.type === 'locals')) {
    for (const inner of block.body.blocks) {
      const detail = `A locals block holds names and their values; "${inner.type}" is a block.`
      report(context, { summary: 'Unsupported block', detail, range: inner.headerRange })
    }
    for (const attribute of block.body.attributes) {
      const before = locals.get(attribute.name)
      if (before === undefined) locals.set(attribute.name, attribute)
      else {
        const detail = `The local value "${attribute.name}" stands at line ${before.nameRange.start.line} already.`
        report(context, { summary: 'Duplicate local value', detail, range: attribute.nameRange })
      }
    }
  }
  return locals
}

/** Undefined where it reads `local` as a whole or by a computed name, and so needs every other. */
const namesReadBy = (attribute: Attribute): readonly string[] | undefined => {
  const references = referencesOf(attribute.expression).filter(({ root }) => root === 'local')
  const names = references.flatMap(({ path: [first] }) => (typeof first === 'string' ? [first] : []))
  return names.length === references.length ? names : undefined
}

/** The other locals that each one reads. Two that need every other need each other, so neither can be settled. */
const needsOf = (locals: ReadonlyMap<string, Attribute>): ReadonlyMap<string, ReadonlySet<string>> => {
  const read = new Map(Array.from(locals, ([name, attribute]) => [name, namesReadBy(attribute)] as const))
  const needingAll = [...read].filter(([, names]) => names === undefined).length
  const all = needingAll === 1 ? [...locals.keys()] : []
  const needs = new Map<string, ReadonlySet<string>>()
  for (const [name, names] of read) {
    const others = names ?? (needingAll === 1 ? all.filter(other => other !== name) : [name])
    needs.set(name, new Set(others.filter(other => locals.has(other))))
  }
  return needs
}

/** The locals in an order in which each stands after those it reads; those on or behind a ring are left out. */
const orderOf = (needs: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] => {
  const readers = new Map<string, string[]>()
  const open = new Map<string, number>()
  const order: string[] = []
  for (const [name, others] of needs) {
    open.set(name, others.size)
    if (others.size === 0) order.push(name)
    for (const other of others) {
      const known = readers.get(other)
      if (known === undefined) readers.set(other, [name])
      else known.push(name)
    }
  }
  for (const settled of order) {
    for (const reader of readers.get(settled) ?? []) {
      const left = (open.get(reader) ?? 0) - 1
      open.set(reader, left)
      if (left === 0) order.push(reader)
    }
  }
  return order
}

/** The values of all locals; they may refer to each other in any order, and to themselves in none. */
export const settleLocals = (body: Body, variables: Value, budget: Budget, diagnostics: Diagnostic[]): Value => {
  const context = { diagnostics }
  const locals = localsIn(body, context)
  // One object that fills as the locals are settled: a copy for each would cost the square of their number.
  const settled: Record<string, Value> = Object.create(null)
  const roots = new Map<string, Value>([
    ['var', variables],
    ['local', settled],
  ])
  const scope = scopeOf(roots, budget)
  const isSettled = new Set<string>()
  for (const name of orderOf(needsOf(locals))) {
    const attribute = locals.get(name)
    if (attribute === undefined) continue
    const result = evaluateLeniently(attribute.expression, scope)
    diagnostics.push(...result.diagnostics)
    settled[name] = result.value
    isSettled.add(name)
  }
  for (const [name, attribute] of locals) {
    if (isSettled.has(name)) continue
    settled[name] = UNKNOWN
    const detail = `The local value "${name}" refers to itself, through others perhaps.`
    report(context, { summary: 'Circular reference', detail, range: attribute.nameRange })
  }
  return settled
}
