import type { Range } from './range.ts'
import type { Expression, TemplatePart } from './syntax.ts'

/**
 * A variable that an expression reads. `path` holds the names and the literal indexes that follow the root, as far as
 * they can be known without evaluating: `local.ports[0].to` is root `local`, path `["ports", 0, "to"]`.
 */
export type Reference = {
  readonly root: string
  readonly path: readonly (string | number)[]
  readonly range: Range
}

const childrenOfParts = (parts: readonly TemplatePart[]): Expression[] => {
  const found: Expression[] = []
  const pending: TemplatePart[] = [...parts]
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    switch (part.kind) {
      case 'text':
        break
      case 'interpolation':
        found.push(part.expression)
        break
      case 'if':
        found.push(part.condition)
        pending.push(...part.whenTrue, ...part.whenFalse)
        break
      case 'for':
        found.push(part.collection)
        pending.push(...part.body)
        break
    }
  }
  return found
}

/** The expressions directly inside this one, those inside templates included. */
export const childrenOf = (expression: Expression): readonly Expression[] => {
  switch (expression.kind) {
    case 'literal':
    case 'variable':
    case 'splat-item':
    case 'invalid':
      return []
    case 'template':
      return childrenOfParts(expression.parts)
    case 'attribute':
      return [expression.target]
    case 'index':
      return [expression.target, expression.key]
    case 'splat':
      return [expression.target, expression.each]
    case 'call':
      return expression.args
    case 'list':
      return expression.items
    case 'object':
      return expression.items.flatMap(i => (i.key.kind === 'name' ? [i.value] : [i.key.expression, i.value]))
    case 'for': {
      const { result, collection, condition } = expression
      const parts = [collection, ...(result.kind === 'list' ? [] : [result.key]), result.value]
      return condition === undefined ? parts : [...parts, condition]
    }
    case 'unary':
      return [expression.operand]
    case 'binary':
      return [expression.left, expression.right]
    case 'conditional':
      return [expression.condition, expression.whenTrue, expression.whenFalse]
    case 'parentheses':
      return [expression.inner]
  }
}

/** True if some path from the root to a leaf has more nodes than `height`. Does not recurse. */
export const isHigherThan = (expression: Expression, height: number): boolean => {
  let level: readonly Expression[] = [expression]
  for (let depth = 0; depth < height; depth += 1) {
    level = level.flatMap(childrenOf)
    if (level.length === 0) return false
  }
  return true
}

/** The names that a `for`, as an expression or as a directive, gives to its own variables. */
type Bound = ReadonlySet<string>

const withNames = (bound: Bound, names: { readonly keyName?: string; readonly valueName: string }): Bound =>
  new Set([...bound, names.valueName, ...(names.keyName === undefined ? [] : [names.keyName])])

const referenceOf = (expression: Expression): Reference | undefined => {
  const path: (string | number)[] = []
  let at = expression
  for (;;) {
    if (at.kind === 'variable') return { root: at.name, path: path.toReversed(), range: expression.range }
    if (at.kind === 'attribute') path.push(at.name)
    else if (at.kind === 'index') {
      const key = literalOf(at.key)
      if (key === undefined) return undefined
      path.push(key)
    } else return undefined
    at = at.target
  }
}

const literalOf = (expression: Expression): string | number | undefined => {
  if (expression.kind === 'literal' && typeof expression.value === 'number') return expression.value
  if (expression.kind === 'literal' && typeof expression.value === 'string') return expression.value
  return literalTextOf(expression)
}

/** The text of a quoted string or heredoc without any `${…}` or `%{…}`, else undefined. */
export const literalTextOf = (expression: Expression): string | undefined => {
  if (expression.kind !== 'template') return undefined
  let text = ''
  for (const part of expression.parts) {
    if (part.kind !== 'text') return undefined
    text += part.value
  }
  return text
}

const collectParts = (parts: readonly TemplatePart[], bound: Bound, into: Reference[]): void => {
  for (const part of parts) {
    switch (part.kind) {
      case 'text':
        break
      case 'interpolation':
        collect(part.expression, bound, into)
        break
      case 'if':
        collect(part.condition, bound, into)
        collectParts(part.whenTrue, bound, into)
        collectParts(part.whenFalse, bound, into)
        break
      case 'for':
        collect(part.collection, bound, into)
        collectParts(part.body, withNames(bound, part), into)
        break
    }
  }
}

const collect = (expression: Expression, bound: Bound, into: Reference[]): void => {
  const reference = referenceOf(expression)
  if (reference !== undefined) {
    if (!bound.has(reference.root)) into.push(reference)
    return
  }
  if (expression.kind === 'template') {
    collectParts(expression.parts, bound, into)
    return
  }
  if (expression.kind === 'for') {
    collect(expression.collection, bound, into)
    const inner = withNames(bound, expression)
    for (const child of childrenOf(expression)) {
      if (child !== expression.collection) collect(child, inner, into)
    }
    return
  }
  for (const child of childrenOf(expression)) collect(child, bound, into)
}

/** Every variable that the expression reads from outside itself, in the order in which they stand. */
export const referencesOf = (expression: Expression): readonly Reference[] => {
  const found: Reference[] = []
  collect(expression, new Set(), found)
  return found
}
