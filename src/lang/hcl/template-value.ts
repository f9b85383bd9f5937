import { toBool, toStringValue } from './convert.ts'
import { type Bindings, bindRound, boundedString, type Evaluation, reject, spend } from './evaluation.ts'
import { roundsOf } from './for.ts'
import type { Expression, TemplatePart } from './syntax.ts'
import { UNKNOWN, type Value } from './value.ts'

/** A template that is one interpolation and nothing else is that value itself, whatever its type: `"${var.list}"`. */
export const evaluateTemplate = (
  e: Evaluation,
  template: Expression & { readonly kind: 'template' },
  bindings: Bindings,
): Value => {
  const [only] = template.parts
  if (template.parts.length === 1 && only?.kind === 'interpolation') return e.evaluate(e, only.expression, bindings)
  const text = joinParts(e, template.parts, bindings)
  return text === UNKNOWN ? UNKNOWN : boundedString(e, template.range, text)
}

/** The text of all parts. Goes on after a fault, so that all faults of a template are found. */
const joinParts = (e: Evaluation, parts: readonly TemplatePart[], bindings: Bindings): string | typeof UNKNOWN => {
  let text: string | typeof UNKNOWN = ''
  for (const part of parts) {
    const piece = evaluateTemplatePart(e, part, bindings)
    if (text === UNKNOWN || piece === UNKNOWN || !spend(e, part.range, piece.length >> 8)) text = UNKNOWN
    else text += piece
  }
  return text
}

const evaluateTemplatePart = (e: Evaluation, part: TemplatePart, bindings: Bindings): string | typeof UNKNOWN => {
  switch (part.kind) {
    case 'text':
      return part.value
    case 'interpolation':
      return interpolate(e, part, bindings)
    case 'if': {
      const value = e.evaluate(e, part.condition, bindings)
      if (value === UNKNOWN) return UNKNOWN
      const condition = toBool(value)
      if (condition.ok) return joinParts(e, condition.value ? part.whenTrue : part.whenFalse, bindings)
      return reject(e, part.condition.range, {
        summary: 'Incorrect condition type',
        detail: `As the condition, ${condition.message}.`,
      })
    }
    case 'for': {
      const rounds = roundsOf(e, e.evaluate(e, part.collection, bindings), part.collection.range)
      if (rounds === UNKNOWN) return UNKNOWN
      let text = ''
      for (const round of rounds) {
        const piece = spend(e, part.range, 1) ? joinParts(e, part.body, bindRound(bindings, part, round)) : UNKNOWN
        if (piece === UNKNOWN) return UNKNOWN
        text += piece
      }
      return text
    }
  }
}

const interpolate = (
  e: Evaluation,
  part: TemplatePart & { readonly kind: 'interpolation' },
  bindings: Bindings,
): string | typeof UNKNOWN => {
  const value = e.evaluate(e, part.expression, bindings)
  if (value === UNKNOWN) return UNKNOWN
  const text = toStringValue(value)
  if (text.ok) return text.value
  return reject(e, part.expression.range, {
    summary: 'Invalid template interpolation value',
    detail: `Inside a text, ${text.message}.`,
    hint: value === null ? 'Use coalesce(…) to give a default.' : 'Use join(…) or jsonencode(…) to make text of it.',
  })
}
