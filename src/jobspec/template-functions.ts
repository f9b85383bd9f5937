import type { TemplateOf } from '../domain/jobspec/schema.ts'
import { parseTemplate } from '../lang/gotemplate/index.ts'

export type TemplateFault = { readonly line: number; readonly detail: string }
export type FunctionNames = {
  /** Functions that render here. */
  readonly provided: ReadonlySet<string>
  /** Functions that Nomad has and this does not, with the reason. */
  readonly absent: ReadonlyMap<string, string>
}

/** What is wrong with a template's text: its syntax, and functions that are not there, by name and line. */
export const templateFaults = (template: TemplateOf<string>, names: FunctionNames): readonly TemplateFault[] => {
  if (template.data === null) return []
  const { leftDelimiter, rightDelimiter } = template
  const parsed = parseTemplate(template.data, { leftDelimiter, rightDelimiter })
  if (!parsed.ok) return [{ line: parsed.error.line, detail: parsed.error.message }]
  return parsed.template.functions
    .filter(use => !names.provided.has(use.name))
    .map(use => ({
      line: use.line,
      detail: `the function "${use.name}" ${names.absent.get(use.name) ?? 'is not known'}`,
    }))
}
