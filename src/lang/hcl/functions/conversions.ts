import { convertToType } from '../convert-to-type.ts'
import { define, done, failed, type HclFunction, type Outcome, takes } from '../function.ts'
import { type HclType, parseTypeExpression } from '../type-expression.ts'
import type { Value } from '../value.ts'

const convertTo =
  (type: HclType) =>
  (value: Value): Outcome => {
    const converted = convertToType(value, type)
    return converted.ok ? done(converted.value) : failed(converted.message, 0)
  }

const conversion = (name: string, type: HclType): HclFunction => define(name, [takes.any('value')], convertTo(type))

const any: HclType = { kind: 'any' }

/** `try` may choose among this many expressions. */
const MAX_ATTEMPTS = 64

export const conversionFunctions: readonly HclFunction[] = [
  conversion('tostring', { kind: 'string' }),
  conversion('tonumber', { kind: 'number' }),
  conversion('tobool', { kind: 'bool' }),
  conversion('tolist', { kind: 'list', element: any }),
  conversion('toset', { kind: 'set', element: any }),
  conversion('tomap', { kind: 'map', element: any }),
  {
    kind: 'lazy',
    name: 'can',
    minArguments: 1,
    maxArguments: 1,
    call: ([expression], attempt) => done(expression !== undefined && attempt(expression).kind === 'value'),
  },
  {
    kind: 'lazy',
    name: 'try',
    minArguments: 1,
    maxArguments: MAX_ATTEMPTS,
    call: (expressions, attempt) => {
      const faults: string[] = []
      for (const expression of expressions) {
        const result = attempt(expression)
        if (result.kind === 'value') return done(result.value)
        faults.push(result.message)
      }
      return failed(`no expression succeeded: ${faults.join('; ')}`)
    },
  },
  {
    kind: 'lazy',
    name: 'convert',
    minArguments: 2,
    maxArguments: 2,
    call: ([expression, typeExpression], attempt) => {
      if (expression === undefined || typeExpression === undefined) return failed('a value and a type are required')
      const type = parseTypeExpression(typeExpression)
      if (!type.ok) return failed(type.diagnostics[0]?.detail ?? 'the type is invalid', 1)
      const value = attempt(expression)
      return value.kind === 'failed' ? failed(value.message, 0) : convertTo(type.type)(value.value)
    },
  },
]
