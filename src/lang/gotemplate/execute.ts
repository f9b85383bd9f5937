import { evaluateCommands, evaluatePipe } from './evaluate-pipe.ts'
import { countIteration, type Execution, setVariable, write } from './executor.ts'
import { showValue } from './format-value.ts'
import { type GoValue, isList, isMap, isTrue, sortedEntries, typeName } from './go-value.ts'
import { MAX_LOOP_ITERATIONS, MAX_TEMPLATE_DEPTH } from './limits.ts'
import { NO_VALUE } from './no-value.ts'
import type { NodeList, Pipe, TemplateNode } from './node.ts'
import { TemplateError } from './template-error.ts'

/** How a list of nodes ended: at its end, or early inside of a loop. */
type Flow = 'done' | 'break' | 'continue'

const print = (execution: Execution, value: GoValue, offset: number): void =>
  write(execution, value === null ? NO_VALUE : showValue(value), offset)

const runList = (execution: Execution, dot: GoValue, nodes: NodeList): Flow => {
  for (const node of nodes) {
    const flow = runNode(execution, dot, node)
    if (flow !== 'done') return flow
  }
  return 'done'
}

/** Runs what makes variables of its own; they are gone afterwards. */
const inScope = (execution: Execution, run: () => Flow): Flow => {
  const inReach = execution.variables.length
  const flow = run()
  execution.variables.length = inReach
  return flow
}

const runChoice = (
  execution: Execution,
  dot: GoValue,
  node: TemplateNode & { readonly kind: 'if' | 'with' | 'range' },
): Flow =>
  inScope(execution, () => {
    const value = evaluatePipe(execution, dot, node.pipe)
    if (!isTrue(value)) return runList(execution, dot, node.otherwise)
    return runList(execution, node.kind === 'with' ? value : dot, node.body)
  })

/** The elements of what a range goes over, each with its index or key. Ints count from 0; nil has no elements. */
const elementsOf = (value: GoValue, offset: number): readonly (readonly [GoValue, GoValue])[] => {
  if (value === null) return []
  if (isList(value)) return value.map((element, index) => [BigInt(index), element] as const)
  if (isMap(value)) return sortedEntries(value)
  if (typeof value !== 'bigint')
    throw new TemplateError(`range can't iterate over ${showValue(value)} of type ${typeName(value)}`, offset)
  if (value > BigInt(MAX_LOOP_ITERATIONS)) {
    throw new TemplateError(`the loops of the template turn more than ${MAX_LOOP_ITERATIONS} times`, offset)
  }
  return Array.from({ length: Math.max(0, Number(value)) }, (_, index) => [BigInt(index), BigInt(index)] as const)
}

/** Gives the variables of a range their values for one turn: one variable gets the element, two the index as well. */
const bindElement = (execution: Execution, pipe: Pipe, index: GoValue, element: GoValue): void => {
  const values = pipe.variables.length === 2 ? [index, element] : [element]
  for (const [at, name] of pipe.variables.entries()) {
    const value = values[at] ?? null
    if (pipe.isAssignment) setVariable(execution, name, value, pipe.offset)
    else execution.variables.push({ name, value })
  }
}

const runRange = (
  execution: Execution,
  dot: GoValue,
  node: TemplateNode & { readonly kind: 'if' | 'with' | 'range' },
): Flow =>
  inScope(execution, () => {
    const elements = elementsOf(evaluateCommands(execution, dot, node.pipe), node.pipe.offset)
    if (elements.length === 0) return runList(execution, dot, node.otherwise)
    for (const [index, element] of elements) {
      countIteration(execution, node.pipe.offset)
      const flow = inScope(execution, () => {
        bindElement(execution, node.pipe, index, element)
        return runList(execution, element, node.body)
      })
      if (flow === 'break') break
    }
    return 'done'
  })

const runTemplate = (execution: Execution, dot: GoValue, node: TemplateNode & { readonly kind: 'template' }): Flow => {
  const nodes = execution.templates.get(node.name)
  if (nodes === undefined || node.name === '')
    throw new TemplateError(`template ${JSON.stringify(node.name)} not defined`, node.offset)
  if (execution.depth >= MAX_TEMPLATE_DEPTH) {
    throw new TemplateError(`templates call one another more than ${MAX_TEMPLATE_DEPTH} levels deep`, node.offset)
  }
  const data = node.pipe === null ? null : evaluatePipe(execution, dot, node.pipe)
  const { variables } = execution
  execution.depth++
  runTop(execution, data, nodes)
  execution.depth--
  execution.variables = variables
  return 'done'
}

/** Runs a template with its data as dot and as `$`, out of reach of its caller's variables. */
const runTop = (execution: Execution, data: GoValue, nodes: NodeList): void => {
  execution.variables = [{ name: '$', value: data }]
  runList(execution, data, nodes)
}

const runNode = (execution: Execution, dot: GoValue, node: TemplateNode): Flow => {
  switch (node.kind) {
    case 'text':
      write(execution, node.text, 0)
      return 'done'
    case 'action': {
      const value = evaluatePipe(execution, dot, node.pipe)
      if (node.pipe.variables.length === 0) print(execution, value, node.pipe.offset)
      return 'done'
    }
    case 'if':
    case 'with':
      return runChoice(execution, dot, node)
    case 'range':
      return runRange(execution, dot, node)
    case 'template':
      return runTemplate(execution, dot, node)
    case 'break':
    case 'continue':
      return node.kind
  }
}

/** Renders the main template over its data. Throws TemplateError. */
export const execute = (execution: Execution, data: GoValue): string => {
  runTop(execution, data, execution.templates.get('') ?? [])
  return execution.output
}
