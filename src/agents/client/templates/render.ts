import type { Template } from '../../../domain/jobspec/schema.ts'
import { envFunctions } from '../../../lang/gotemplate/functions/env.ts'
import { helperFunctions } from '../../../lang/gotemplate/functions/helpers.ts'
import { serviceFunctions } from '../../../lang/gotemplate/functions/services.ts'
import { parseTemplate } from '../../../lang/gotemplate/index.ts'
import type { LinkServiceInstance } from '../../../protocol/client-link.ts'
import type { CatalogReader, CatalogWants } from '../service-catalog.ts'

export type RenderInput = {
  readonly source: string
  readonly template: Pick<Template, 'leftDelimiter' | 'rightDelimiter' | 'errorsOnMissingKey'>
  readonly namespace: string
  readonly region: string
  readonly env: Readonly<Record<string, string>>
  readonly catalog: Pick<CatalogReader, 'instances' | 'list'>
  readonly now: () => number
}

export type RenderResult =
  | {
      readonly kind: 'rendered'
      readonly text: string
      readonly wants: CatalogWants
      /** Services that the servers have not been heard on; the text is not to be used while there are any. */
      readonly missing: readonly string[]
    }
  | { readonly kind: 'failed'; readonly message: string }

const toTemplate = (instance: LinkServiceInstance) => ({
  id: instance.id,
  name: instance.name,
  node: instance.node,
  address: instance.address,
  port: instance.port,
  datacenter: instance.datacenter,
  tags: instance.tags,
  jobId: instance.jobId,
  allocId: instance.allocationId,
})

const failedAt = (error: {
  readonly message: string
  readonly line: number
  readonly column: number
}): RenderResult => ({
  kind: 'failed',
  message: `line ${error.line}, column ${error.column}: ${error.message}`,
})

/** Renders one template once over what is known now, and says what it asked for. Pure. */
export const renderTemplate = (input: RenderInput): RenderResult => {
  const { template, catalog, namespace, env } = input
  const missing = new Set<string>()
  const services = serviceFunctions({
    services: () => {
      const list = catalog.list(namespace)
      if (list === undefined) missing.add('nomad.services')
      return list ?? []
    },
    instances: (name, region) => {
      if (region !== null && region !== input.region) return []
      const instances = catalog.instances(namespace, name)
      if (instances === undefined) missing.add(`nomad.service(${name})`)
      return (instances ?? []).map(toTemplate)
    },
  })
  const lookup = (name: string): string | undefined => (Object.hasOwn(env, name) ? env[name] : undefined)
  const functions = new Map([...helperFunctions(input.now), ...envFunctions(lookup), ...services.functions])
  const parsed = parseTemplate(input.source, {
    leftDelimiter: template.leftDelimiter,
    rightDelimiter: template.rightDelimiter,
    functions,
  })
  if (!parsed.ok) return failedAt(parsed.error)
  const rendered = parsed.template.execute(null, { missingKey: template.errorsOnMissingKey ? 'error' : 'zero' })
  const asked = services.dependencies()
  const wants: CatalogWants = {
    services: asked.services
      .filter(({ region }) => region === null || region === input.region)
      .map(({ name }) => ({ namespace, name })),
    lists: asked.readsCatalogue ? [namespace] : [],
  }
  // An error may only come of what is not known yet.
  if (!rendered.ok && missing.size === 0) return failedAt(rendered.error)
  return { kind: 'rendered', text: rendered.ok ? rendered.text : '', wants, missing: [...missing] }
}
