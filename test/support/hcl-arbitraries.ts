import fc from 'fast-check'
import type { BinaryOperator, Expression, ObjectKey, TemplatePart } from '../../src/lang/hcl/syntax.ts'

/** Trees of the language as a test makes them up: every range is this one. */
export const nowhere = { start: { line: 1, column: 1, byte: 0 }, end: { line: 1, column: 1, byte: 0 } }

const reserved = new Set(['true', 'false', 'null', 'for', 'if', 'in', 'else', 'endif', 'endfor'])

/** Names that mean nothing to the language, wherever they stand. */
export const names = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,5}$/).filter(name => !reserved.has(name))

/** Text of all kinds, the signs of the language well represented; composed, as the language keeps it. */
export const texts = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('$', '%', '{', '}', '"', '\\', '~', ' ', '\n', '\t', '$${', '%{', 'é'),
      fc.string({ unit: 'grapheme', maxLength: 1 }),
    ),
    maxLength: 8,
  })
  .map(text => text.replace(/\r/g, '').normalize('NFC'))
  .filter(text => text === text.normalize('NFC'))

const integers = fc.oneof(fc.nat(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 80n }))
const fractions = fc.tuple(fc.nat(10_000), fc.integer({ min: 1, max: 999 })).map(([a, b]) => Number(`${a}.${b}1`))

const operators: readonly BinaryOperator[] = ['||', '&&', '==', '!=', '<', '<=', '>', '>=', '+', '-', '*', '/', '%']

const templateOf = (parts: readonly TemplatePart[]): Expression => ({
  kind: 'template',
  form: 'quoted',
  parts,
  range: nowhere,
})

const mergeTexts = (parts: readonly TemplatePart[]): TemplatePart[] => {
  const merged: TemplatePart[] = []
  for (const part of parts) {
    const last = merged.at(-1)
    if (part.kind === 'text' && part.value === '') continue
    if (part.kind === 'text' && last?.kind === 'text') {
      merged[merged.length - 1] = { ...last, value: (last.value + part.value).normalize('NFC') }
    } else merged.push(part)
  }
  return merged
}

const range = fc.constant(nowhere)
const literals: fc.Arbitrary<Expression> = fc.record({
  kind: fc.constant('literal' as const),
  value: fc.oneof(fc.constantFrom(null, true, false), integers, fractions),
  range,
})
const variables: fc.Arbitrary<Expression> = fc.record({ kind: fc.constant('variable' as const), name: names, range })

/** What a postfix can follow without parentheses. */
const isTerm = (e: Expression): boolean => !['unary', 'binary', 'conditional', 'splat', 'literal'].includes(e.kind)

const parenthesized = (inner: Expression): Expression => ({ kind: 'parentheses', inner, range: nowhere })
const asTerm = (e: Expression): Expression => (isTerm(e) ? e : parenthesized(e))
const asOperand = (e: Expression): Expression =>
  e.kind === 'binary' || e.kind === 'conditional' ? parenthesized(e) : e

/** Expressions of every kind that can be printed and read again to the same tree. */
export const expressions: fc.Arbitrary<Expression> = fc.letrec<{ tree: Expression; part: TemplatePart }>(tie => {
  const tree = tie('tree')
  const parts = fc.array(tie('part'), { maxLength: 3 }).map(mergeTexts)
  const key: fc.Arbitrary<ObjectKey> = fc.oneof(
    names.map((name): ObjectKey => ({ kind: 'name', name, range: nowhere })),
    tree.map((e): ObjectKey => ({ kind: 'computed', expression: parenthesized(e), range: nowhere })),
    texts.map(
      (value): ObjectKey => ({
        kind: 'computed',
        expression: templateOf(mergeTexts([{ kind: 'text', value, range: nowhere }])),
        range: nowhere,
      }),
    ),
  )
  const binding = fc.record({ keyName: names, valueName: names }, { requiredKeys: ['valueName'] })
  return {
    part: fc.oneof(
      texts.map((value): TemplatePart => ({ kind: 'text', value, range: nowhere })),
      tree.map((expression): TemplatePart => ({ kind: 'interpolation', expression, range: nowhere })),
      fc.record({ kind: fc.constant('if' as const), condition: tree, whenTrue: parts, whenFalse: parts, range }),
      fc
        .tuple(binding, tree, parts)
        .map(([b, collection, body]): TemplatePart => ({ kind: 'for', ...b, collection, body, range: nowhere })),
    ),
    tree: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      variables,
      literals,
      parts.map(templateOf),
      fc.record({ kind: fc.constant('attribute' as const), target: tree.map(asTerm), name: names, range }),
      fc.record({
        kind: fc.constant('index' as const),
        target: tree.map(asTerm),
        key: tree,
        form: fc.constant('brackets' as const),
        range,
      }),
      fc.record({
        kind: fc.constant('splat' as const),
        target: tree.map(asTerm),
        each: fc.array(names, { maxLength: 2 }).map(path =>
          path.reduce<Expression>((target, name) => ({ kind: 'attribute', target, name, range: nowhere }), {
            kind: 'splat-item',
            range: nowhere,
          }),
        ),
        form: fc.constantFrom('brackets' as const, 'dotted' as const),
        range,
      }),
      fc.tuple(names, fc.array(tree, { maxLength: 3 }), fc.boolean()).map(
        ([name, args, spreads]): Expression => ({
          kind: 'call',
          name,
          nameRange: nowhere,
          args,
          lastArgument: spreads && args.length > 0 ? 'spread' : 'plain',
          range: nowhere,
        }),
      ),
      fc.record({ kind: fc.constant('list' as const), items: fc.array(tree, { maxLength: 3 }), range }),
      fc.record({
        kind: fc.constant('object' as const),
        items: fc.array(fc.record({ key, value: tree }), { maxLength: 3 }),
        range,
      }),
      fc
        .tuple(
          binding,
          tree,
          tree,
          tree,
          fc.option(tree, { nil: undefined }),
          fc.constantFrom('list', 'object', 'groups'),
        )
        .map(
          ([b, collection, k, value, condition, kind]): Expression => ({
            kind: 'for',
            ...b,
            collection,
            ...(condition === undefined ? {} : { condition }),
            result:
              kind === 'list'
                ? { kind: 'list', value }
                : { kind: kind === 'object' ? 'object' : 'groups', key: k, value },
            range: nowhere,
          }),
        ),
      fc.record({
        kind: fc.constant('unary' as const),
        operator: fc.constantFrom('-' as const, '!' as const),
        operand: tree.map(asOperand),
        range,
      }),
      fc.record({
        kind: fc.constant('binary' as const),
        operator: fc.constantFrom(...operators),
        left: tree.map(asOperand),
        right: tree.map(asOperand),
        range,
      }),
      fc.record({
        kind: fc.constant('conditional' as const),
        condition: tree.map(asOperand),
        whenTrue: tree,
        whenFalse: tree,
        range,
      }),
    ),
  }
}).tree
