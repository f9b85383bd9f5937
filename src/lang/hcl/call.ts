import { toBool, toNumber, toStringValue } from './convert.ts'
import { hasErrors } from './diagnostic.ts'
import { type Bindings, boundedString, type Evaluation, reject, spend } from './evaluation.ts'
import type { HclFunction, Outcome, Parameter } from './function.ts'
import { MAX_EVALUATION_STEPS, MAX_VALUE_DEPTH } from './limits.ts'
import type { Range } from './range.ts'
import { suggestionHint } from './suggest.ts'
import type { Expression } from './syntax.ts'
import { describeKind, holdsUnknown, isList, isObject, measureValue, UNKNOWN, type Value } from './value.ts'

type Call = Expression & { readonly kind: 'call' }

/** An argument's value with the place to blame for it. */
type Argument = { readonly value: Value; readonly range: Range }

/** Evaluates the call of a function: finds it, evaluates and converts the arguments, calls it. */
export const evaluateCall = (e: Evaluation, call: Call, bindings: Bindings): Value => {
  const found = e.scope.functions.get(call.name)
  if (found === undefined) return unknownFunction(e, call)
  switch (found.kind) {
    case 'refused':
      return reject(e, call.nameRange, {
        summary: 'Function not available',
        detail: `The function "${call.name}" cannot be used here: ${found.reason}.`,
      })
    case 'lazy':
      return callLazily(e, call, found, bindings)
    case 'strict':
      return callStrictly(e, call, found, bindings)
  }
}

const unknownFunction = (e: Evaluation, call: Call): Value => {
  const names = [...e.scope.functions.values()].filter(f => f.kind !== 'refused').map(f => f.name)
  const hint = suggestionHint(call.name, names)
  const fault = {
    summary: 'Call to unknown function',
    detail: `There is no function named "${call.name}".`,
  }
  return reject(e, call.nameRange, hint === undefined ? fault : { ...fault, hint })
}

const wrongCount = (e: Evaluation, call: Call, expected: string, givenCount: number): Value =>
  reject(e, call.range, {
    summary: 'Wrong number of function arguments',
    detail: `The function "${call.name}" takes ${expected}; given: ${givenCount}.`,
  })

const finish = (e: Evaluation, call: Call, outcome: Outcome, ranges: readonly Range[]): Value => {
  if (outcome.kind === 'value') {
    return typeof outcome.value === 'string' ? boundedString(e, call.range, outcome.value) : outcome.value
  }
  const range = outcome.argument === undefined ? undefined : ranges[outcome.argument]
  return reject(e, range ?? call.range, {
    summary: 'Error in function call',
    detail: `Call to function "${call.name}" failed: ${outcome.message}.`,
  })
}

const callLazily = (
  e: Evaluation,
  call: Call,
  found: HclFunction & { readonly kind: 'lazy' },
  bindings: Bindings,
): Value => {
  const { args } = call
  if (args.length < found.minArguments || args.length > found.maxArguments || call.lastArgument === 'spread') {
    return wrongCount(e, call, lazyCount(found), args.length)
  }
  const outcome = found.call(args, expression => {
    const attempt: Evaluation = { ...e, diagnostics: [] }
    const value = e.evaluate(attempt, expression, bindings)
    const fault = hasErrors(attempt.diagnostics) ? attempt.diagnostics[0] : undefined
    return fault === undefined ? { kind: 'value', value } : { kind: 'failed', message: fault.detail }
  })
  return finish(
    e,
    call,
    outcome,
    args.map(a => a.range),
  )
}

const lazyCount = (found: HclFunction & { readonly kind: 'lazy' }): string =>
  found.maxArguments === found.minArguments
    ? `${found.minArguments} arguments, written one by one`
    : `at least ${found.minArguments} argument, written one by one`

const callStrictly = (
  e: Evaluation,
  call: Call,
  found: HclFunction & { readonly kind: 'strict' },
  bindings: Bindings,
): Value => {
  const given = evaluateArguments(e, call, bindings)
  if (given === UNKNOWN) return UNKNOWN
  const { parameters, requiredCount, rest } = found
  if (given.length < requiredCount || (rest === undefined && given.length > parameters.length)) {
    return wrongCount(e, call, strictCount(found), given.length)
  }
  if (given.some(argument => holdsUnknown(argument.value))) return UNKNOWN
  const converted: Value[] = []
  for (const [index, argument] of given.entries()) {
    const parameter = parameters[index] ?? rest
    const value = parameter === undefined ? UNKNOWN : convertArgument(e, call, parameter, argument)
    if (value === UNKNOWN) return UNKNOWN
    converted.push(value)
  }
  const { size } = measureValue(converted, MAX_EVALUATION_STEPS, MAX_VALUE_DEPTH * 2)
  if (!spend(e, call.range, size)) return UNKNOWN
  return finish(
    e,
    call,
    found.call(converted),
    given.map(a => a.range),
  )
}

const strictCount = (found: HclFunction & { readonly kind: 'strict' }): string => {
  const names = found.parameters.map((p, index) => (index < found.requiredCount ? p.name : `[${p.name}]`))
  if (found.rest !== undefined) names.push(`${found.rest.name}...`)
  return names.length === 0 ? 'no arguments' : `(${names.join(', ')})`
}

const evaluateArguments = (e: Evaluation, call: Call, bindings: Bindings): readonly Argument[] | typeof UNKNOWN => {
  const given = call.args.map((arg): Argument => ({ value: e.evaluate(e, arg, bindings), range: arg.range }))
  const last = call.lastArgument === 'spread' ? given.pop() : undefined
  if (last === undefined) return given
  if (last.value === UNKNOWN) return UNKNOWN
  if (!isList(last.value)) {
    return reject(e, last.range, {
      summary: 'Invalid expanding argument value',
      detail: `An argument with "..." must be a list, and this is ${describeKind(last.value)}.`,
    })
  }
  return [...given, ...last.value.map((value): Argument => ({ value, range: last.range }))]
}

const convertArgument = (e: Evaluation, call: Call, parameter: Parameter, argument: Argument): Value => {
  const { value } = argument
  const refuse = (message: string): typeof UNKNOWN =>
    reject(e, argument.range, {
      summary: 'Invalid function argument',
      detail: `Invalid value for parameter "${parameter.name}" of "${call.name}": ${message}.`,
    })
  switch (parameter.type) {
    case 'any':
      return value
    case 'list':
      return isList(value) ? value : refuse(`a list is required, and this is ${describeKind(value)}`)
    case 'object':
      return isObject(value) ? value : refuse(`an object or map is required, and this is ${describeKind(value)}`)
    case 'string':
    case 'number':
    case 'bool': {
      const convert = { string: toStringValue, number: toNumber, bool: toBool }[parameter.type]
      const converted = convert(value)
      return converted.ok ? converted.value : refuse(converted.message)
    }
  }
}
