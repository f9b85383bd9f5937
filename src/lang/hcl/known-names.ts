import { type DecodeContext, type KnownNames, report, valueOf } from './decode-context.ts'
import type { Range } from './range.ts'
import { suggestionHint } from './suggest.ts'
import type { Body } from './syntax.ts'
import { isList, isObject, UNKNOWN, type Value } from './value.ts'

/** `false`, `0`, `""`, `null` and empty collections ask for nothing, so nothing is lost when nobody acts on them. */
const asksForNothing = (value: Value): boolean => {
  if (value === UNKNOWN) return false
  if (isList(value)) return value.length === 0
  if (isObject(value)) return Object.keys(value).length === 0
  return value === null || value === false || value === 0 || value === ''
}

type Written = {
  readonly name: string
  readonly range: Range
  readonly noun: 'argument' | 'block'
  /** False for an attribute whose value asks for nothing. */
  readonly asks: () => boolean
}

const writtenIn = (body: Body, context: DecodeContext): readonly Written[] => [
  ...body.attributes.map(
    (attribute): Written => ({
      name: attribute.name,
      range: attribute.nameRange,
      noun: 'argument',
      asks: () => !asksForNothing(valueOf(context, attribute, body)),
    }),
  ),
  ...body.blocks.map(
    (block): Written => ({ name: block.type, range: block.headerRange, noun: 'block', asks: () => true }),
  ),
]

const ownValue = (record: Readonly<Record<string, string>> | undefined, name: string): string | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined

/** What the other form of a name would be: `meta = 1` where only a block can stand, or the other way round. */
const misplaced = (written: Written, names: Asked): string | undefined => {
  if (written.noun === 'argument' && names.blocks.has(written.name)) return `Write it as a block: ${written.name} { … }`
  if (written.noun === 'block' && names.attributes.has(written.name))
    return `Write it as an argument: ${written.name} = …`
  return undefined
}

export type Asked = { readonly attributes: ReadonlySet<string>; readonly blocks: ReadonlySet<string> }

/** Reports every name of a body that was not asked for: as refused, as not acted on, or as unknown. */
export const reportOtherNames = (body: Body, context: DecodeContext, asked: Asked, known: KnownNames): void => {
  const { ignored, refused } = known
  const names = [...asked.attributes, ...asked.blocks, ...Object.keys(ignored ?? {}), ...Object.keys(refused ?? {})]
  for (const written of writtenIn(body, context)) {
    const { name, range, noun } = written
    if ((noun === 'argument' ? asked.attributes : asked.blocks).has(name)) continue
    const refusal = ownValue(refused, name)
    const notice = ownValue(ignored, name)
    if (refusal === undefined && notice === undefined) {
      report(context, {
        summary: `Unsupported ${noun}`,
        detail: `${noun === 'argument' ? 'An argument' : 'A block'} named "${name}" is not expected here.`,
        hint: misplaced(written, asked) ?? suggestionHint(name, names),
        range,
      })
      continue
    }
    if (!written.asks()) continue
    if (refusal !== undefined) {
      report(context, { summary: 'Not supported yet', detail: `"${name}" is refused: ${refusal}.`, range })
      continue
    }
    const detail = `"${name}" is accepted but ${notice}.`
    report(context, { severity: 'warning', summary: 'Not acted on', detail, range })
  }
}
