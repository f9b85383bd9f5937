import {
  type Attribute,
  attributeOf,
  type Block,
  type Body,
  type Diagnostic,
  type JsonEntry,
  type JsonNode,
  parseJson,
  type Range,
  report,
  suggestionHint,
} from '../lang/hcl/index.ts'
import { type ApiField, type ApiShape, apiJob } from './api-shapes.ts'

/**
 * Nomad's API JSON, read into the tree that a job file has, so that one decoder knows every default, every name that is
 * not acted on and every rule. Texts are taken as they are: nothing in JSON is a template of HCL.
 */

type Context = { readonly diagnostics: Diagnostic[] }
type ObjectNode = JsonNode & { readonly kind: 'object' }
type Items = { readonly attributes: Attribute[]; readonly blocks: Block[] }

const fieldOf = (node: ObjectNode, key: string): JsonNode | undefined =>
  node.entries.find(entry => entry.key === key)?.value

const textOf = (node: JsonNode | undefined): string | null =>
  node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : null

const isNull = (node: JsonNode): boolean => node.kind === 'scalar' && node.value === null

/** True for what the API writes where nothing was said. */
const isZero = (node: JsonNode): boolean => {
  switch (node.kind) {
    case 'scalar':
      return node.value === null || node.value === '' || node.value === 0 || node.value === false
    case 'list':
      return node.items.length === 0
    case 'object':
      return node.entries.every(({ value }) => isZero(value) || textOf(value) === 'default')
  }
}

/** Arguments that are as good as not written in what an API answers: it names Consul's default cluster in every job. */
const saysNothing = (name: string, node: JsonNode, owner: ObjectNode): boolean => {
  if (name === 'consul') return isZero(node)
  if (name === 'cluster') return textOf(node) === 'default' || isZero(node)
  // An empty text is a template where there is no file to read it from.
  if (name === 'data' && textOf(node) === '') return (textOf(fieldOf(owner, 'SourcePath')) ?? '') !== ''
  return isNull(node) || textOf(node) === ''
}

const startOf = ({ start }: Range): Range => ({
  start,
  end: { ...start, column: start.column + 1, byte: start.byte + 1 },
})

const wrongKind = (context: Context, key: string, wanted: string, range: Range): void =>
  report(context, { summary: 'Incorrect value type', detail: `"${key}" must be ${wanted}.`, range: startOf(range) })

type Header = { readonly type: string; readonly range: Range; readonly labelKey: string | null }

const blockOf = (context: Context, node: ObjectNode, shape: ApiShape, { type, range, labelKey }: Header): Block => {
  const labelNode = labelKey === null ? undefined : fieldOf(node, labelKey)
  const label = textOf(labelNode)
  return {
    type,
    typeRange: range,
    headerRange: label === null || labelNode === undefined ? range : labelNode.range,
    range: node.range,
    labels: label === null || labelNode === undefined ? [] : [{ value: label, range: labelNode.range }],
    body: bodyOf(context, node, labelKey === null ? shape : { ...shape, [labelKey]: null }),
  }
}

const addField = (context: Context, owner: ObjectNode, entry: JsonEntry, field: ApiField, items: Items): void => {
  const { key, keyRange, value } = entry
  if (field === null || isNull(value)) return
  if (field === 'config') addConfig(context, entry, items)
  else if (typeof field === 'string') {
    if (!saysNothing(field, value, owner)) items.attributes.push(attributeOf(field, entry))
  } else if ('block' in field) {
    const header = { type: field.block, range: keyRange, labelKey: null }
    if (value.kind === 'object') items.blocks.push(blockOf(context, value, field.shape, header))
    else wrongKind(context, key, 'an object', value.range)
  } else if (value.kind === 'list') {
    for (const item of value.items) {
      const header = { type: field.blocks, range: startOf(item.range), labelKey: field.label }
      if (item.kind === 'object') items.blocks.push(blockOf(context, item, field.shape, header))
      else wrongKind(context, key, 'a list of objects', item.range)
    }
  } else wrongKind(context, key, 'a list of objects', value.range)
}

/** A driver's own configuration: its names are the driver's. */
const addConfig = (context: Context, { key, keyRange, value }: JsonEntry, items: Items): void => {
  if (value.kind !== 'object') {
    wrongKind(context, key, 'an object', value.range)
    return
  }
  const attributes = value.entries.map(entry => attributeOf(entry.key, entry))
  const body: Body = { attributes, blocks: [], range: value.range }
  items.blocks.push({
    type: 'config',
    typeRange: keyRange,
    headerRange: keyRange,
    range: value.range,
    labels: [],
    body,
  })
}

const bodyOf = (context: Context, node: ObjectNode, shape: ApiShape): Body => {
  const items: Items = { attributes: [], blocks: [] }
  for (const entry of node.entries) {
    const field = Object.hasOwn(shape, entry.key) ? shape[entry.key] : undefined
    if (field !== undefined) addField(context, node, entry, field, items)
    else {
      const detail = `The JSON of a job has no "${entry.key}" here.`
      const hint = suggestionHint(entry.key, Object.keys(shape))
      report(context, { summary: 'Unsupported name', detail, hint, range: entry.keyRange })
    }
  }
  return { ...items, range: startOf(node.range) }
}

/** A batch job that the API shows has an update of nothing but zeros. */
const withoutIdleUpdate = (node: ObjectNode): ObjectNode => {
  if (textOf(fieldOf(node, 'Type')) !== 'batch') return node
  return { ...node, entries: node.entries.filter(({ key, value }) => key !== 'Update' || !isZero(value)) }
}

/** The job's node: the value of `Job`, or the whole. */
const jobNodeOf = (context: Context, root: JsonNode): ObjectNode | null => {
  const wrapped = root.kind === 'object' ? fieldOf(root, 'Job') : undefined
  const node = wrapped ?? root
  if (node.kind === 'object') return withoutIdleUpdate(node)
  report(context, { summary: 'Missing job', detail: 'A job in JSON is an object.', range: startOf(node.range) })
  return null
}

/** The job block that a text of the API's JSON stands for, `{"Job": {…}}` or bare; null where there is none. */
export const readApiJson = (source: string, diagnostics: Diagnostic[]): Block | null => {
  const parsed = parseJson(source)
  if (!parsed.ok) {
    diagnostics.push(parsed.diagnostic)
    return null
  }
  const context = { diagnostics }
  const node = jobNodeOf(context, parsed.node)
  if (node === null) return null
  return blockOf(context, node, apiJob, { type: 'job', range: startOf(node.range), labelKey: 'ID' })
}
