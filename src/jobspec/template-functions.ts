import type { TemplateOf } from '../domain/jobspec/schema.ts'
import {
  builtinNames,
  envFunctions,
  helperFunctions,
  parseTemplate,
  serviceFunctions,
  whyUnavailable,
} from '../lang/gotemplate/index.ts'
import { suggestionHint } from '../lang/hcl/index.ts'

export type TemplateFault = { readonly line: number; readonly detail: string }

const namesOf = (): ReadonlySet<string> =>
  new Set([
    ...builtinNames,
    ...helperFunctions(() => 0).keys(),
    ...envFunctions(() => undefined).keys(),
    ...serviceFunctions({ services: () => [], instances: () => [] }).functions.keys(),
  ])

let names: ReadonlySet<string> | null = null

/** Every function that a task's template may use. */
export const templateFunctionNames = (): ReadonlySet<string> => {
  names ??= namesOf()
  return names
}

const reasons = {
  'needs Consul': 'needs Consul, which is not there',
  'needs Vault': 'needs Vault, which is not there',
  'not supported yet': 'is not supported yet',
  denied: 'is denied: a template may not reach outside of its task',
} as const

const whyNot = (name: string): string => {
  const reason = whyUnavailable(name)
  if (reason !== null) return `${reasons[reason]}.`
  const hint = suggestionHint(name, templateFunctionNames())
  return hint === undefined ? 'does not exist.' : `does not exist. ${hint}`
}

/** What is wrong with a template's text: its syntax, and functions that are not there, by name and line. */
export const templateFaults = (template: TemplateOf<string>): readonly TemplateFault[] => {
  if (template.data === null) return []
  const { leftDelimiter, rightDelimiter } = template
  const parsed = parseTemplate(template.data, { leftDelimiter, rightDelimiter })
  if (!parsed.ok) return [{ line: parsed.error.line, detail: `${parsed.error.message}.` }]
  return parsed.template.functions
    .filter(use => !templateFunctionNames().has(use.name))
    .map(use => ({ line: use.line, detail: `the function "${use.name}" ${whyNot(use.name)}` }))
}
