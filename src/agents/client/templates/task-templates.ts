import { createLookup, interpolate } from '../../../domain/interpolation.ts'
import type { Template } from '../../../domain/jobspec/schema.ts'
import type { Cancel } from '../../../platform/clock.ts'
import { AppError, messageOf } from '../../../platform/errors.ts'
import { environmentInput, taskEnvironment } from '../build-task-start.ts'
import { agentEnvironment } from '../environment.ts'
import { MAX_TEMPLATE_SOURCE_BYTES, TEMPLATE_QUIET_MAX_MS, TEMPLATE_QUIET_MS } from '../limits.ts'
import type { CatalogWants, ServiceCatalog } from '../service-catalog.ts'
import type { AgentServices, TaskTemplates, TemplateActions, TemplateOwner } from '../task-context.ts'
import { missingDependencies, templateFailure, templateSkipped } from '../task-events.ts'
import { parseEnvFile } from './env-file.ts'
import { renderTemplate } from './render.ts'

/**
 * The templates of one task. All are rendered before its first start, which waits until the servers were heard on every
 * service that they name; after that they are rendered anew whenever one of these changes. Content that stays the same
 * triggers nothing; content that differs is written and then acted on as the template says.
 */

const RESTART_REASON = 'Template with change_mode restart re-rendered'
const SIGNAL_REASON = 'Template re-rendered'
const DEFAULT_PERMISSIONS = 0o644
const MAX_RENDERED_BYTES = 4_194_304
/** What is missing for less long than this is not worth an event: a service that stands is told of within moments. */
const MISSING_TOLD_AFTER_MS = 3_000

type Rendering = {
  readonly texts: ReadonlyMap<Template, string>
  readonly wants: CatalogWants
  readonly missing: readonly string[]
}

const noTemplates: TaskTemplates = { prepare: async () => {}, env: () => ({}), close: () => {} }

const permissionsOf = (template: Template): number =>
  /^[0-7]{3,4}$/.test(template.perms) ? Number.parseInt(template.perms, 8) : DEFAULT_PERMISSIONS

const refuse = (template: Template, message: string): AppError =>
  new AppError('REQUEST_INVALID', `template for ${JSON.stringify(template.destination)}: ${message}`)

export const createTaskTemplates = (
  services: AgentServices,
  catalog: ServiceCatalog,
  owner: TemplateOwner,
  actions: TemplateActions,
): TaskTemplates => {
  if (owner.task().templates.length === 0) return noTemplates
  const { clock, random, directories } = services
  const written = new Map<string, string>()
  const envs = new Map<string, Readonly<Record<string, string>>>()
  const waiters = new Set<() => void>()
  let isLive = false
  let isClosed = false
  let firstChangeMs: number | null = null
  let cancelQuiet: Cancel = () => {}
  let cancelSplay: Cancel = () => {}
  let tail: Promise<void> = Promise.resolve()

  const fileOf = (path: string) => {
    const lookup = createLookup(agentEnvironment(environmentInput(services, owner)), services.node())
    return {
      allocationId: owner.held().allocationId,
      task: owner.task().name,
      path: interpolate(path, lookup),
    }
  }

  const sourceOf = async (template: Template): Promise<string> => {
    if (template.data !== null) return owner.held().clear[template.data.digest] ?? ''
    const source = await directories.read(fileOf(template.sourcePath), MAX_TEMPLATE_SOURCE_BYTES)
    if (source === null) throw refuse(template, `its source ${JSON.stringify(template.sourcePath)} does not exist`)
    return source
  }

  const renderAll = async (): Promise<Rendering> => {
    const texts = new Map<Template, string>()
    const wanted = new Map<string, CatalogWants['services'][number]>()
    const lists = new Set<string>()
    const missing = new Set<string>()
    const { namespace, job } = owner.held()
    const env = taskEnvironment(services, owner)
    for (const template of owner.task().templates) {
      if (template.isOnce && written.has(template.destination)) continue
      const result = renderTemplate({
        source: await sourceOf(template),
        template,
        namespace,
        region: job.region,
        env,
        catalog: reader,
        now: clock.now,
      })
      if (result.kind === 'failed') throw refuse(template, result.message)
      texts.set(template, result.text)
      for (const one of result.wants.services) wanted.set(`${one.namespace}/${one.name}`, one)
      for (const one of result.wants.lists) lists.add(one)
      for (const one of result.missing) missing.add(one)
    }
    return { texts, wants: { services: [...wanted.values()], lists: [...lists] }, missing: [...missing] }
  }

  const takeEnv = (template: Template, text: string): void => {
    if (!template.isEnv) return
    const parsed = parseEnvFile(text)
    if (!parsed.ok) throw refuse(template, `cannot be read as environment: ${parsed.message}`)
    envs.set(template.destination, parsed.env)
  }

  /** Writes what differs from what stands there, and answers those templates. */
  const writeAll = async (texts: ReadonlyMap<Template, string>): Promise<readonly Template[]> => {
    const changed: Template[] = []
    for (const [template, text] of texts) {
      takeEnv(template, text)
      const file = fileOf(template.destination)
      const before = written.get(template.destination) ?? (await directories.read(file, MAX_RENDERED_BYTES))
      if (before !== text) {
        await directories.write(file, text, permissionsOf(template))
        changed.push(template)
      }
      written.set(template.destination, text)
    }
    return changed
  }

  const act = (changed: readonly Template[]): void => {
    const loud = changed.filter(({ changeMode }) => changeMode !== 'noop')
    if (loud.length === 0) return
    const restarts = loud.some(({ changeMode }) => changeMode === 'restart')
    const signals = new Set(loud.map(({ changeSignal }) => changeSignal))
    if (!actions.isRunning()) {
      if (!restarts) actions.note(templateSkipped('a signal'))
      return
    }
    const splayMs = random.next() * Math.max(...loud.map(template => template.splayMs))
    cancelSplay()
    cancelSplay = clock.after(splayMs, () => {
      if (restarts) actions.restart(RESTART_REASON)
      else if (actions.isRunning()) for (const signal of signals) actions.signal(signal, SIGNAL_REASON)
      else actions.note(templateSkipped('a signal'))
    })
  }

  /** What was rendered before stays when rendering fails now. */
  const renderAgain = async (): Promise<void> => {
    if (isClosed) return
    try {
      const rendering = await renderAll()
      reader.want(rendering.wants)
      if (rendering.missing.length === 0) act(await writeAll(rendering.texts))
    } catch (error) {
      actions.note(templateFailure(messageOf(error)))
    }
  }

  const onChange = (): void => {
    for (const waiter of waiters) waiter()
    waiters.clear()
    if (!isLive) return
    const now = clock.monotonicMs()
    firstChangeMs ??= now
    cancelQuiet()
    const quietMs = Math.min(TEMPLATE_QUIET_MS, firstChangeMs + TEMPLATE_QUIET_MAX_MS - now)
    cancelQuiet = clock.after(Math.max(0, quietMs), () => {
      firstChangeMs = null
      tail = tail.then(renderAgain)
    })
  }

  const reader = catalog.open(onChange)

  const nextChange = (signal: AbortSignal): Promise<void> =>
    new Promise(resolve => {
      waiters.add(resolve)
      signal.addEventListener('abort', () => resolve(), { once: true })
    })

  return {
    prepare: async signal => {
      let told = ''
      for (;;) {
        signal.throwIfAborted()
        const rendering = await renderAll()
        const change = nextChange(signal)
        reader.want(rendering.wants)
        if (rendering.missing.length === 0) {
          const changed = await writeAll(rendering.texts)
          isLive = true
          if (actions.isRunning()) act(changed)
          return
        }
        const missing = rendering.missing.join(',')
        const cancelTold = clock.after(MISSING_TOLD_AFTER_MS, () => {
          if (missing !== told) actions.note(missingDependencies(rendering.missing))
          told = missing
        })
        await change
        cancelTold()
      }
    },
    env: () => Object.assign({}, ...envs.values()) as Record<string, string>,
    close: () => {
      isClosed = true
      isLive = false
      cancelQuiet()
      cancelSplay()
      reader.close()
    },
  }
}
