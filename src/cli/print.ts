import type { CommandContext } from './command.ts'
import { EXIT_OK } from './exit-codes.ts'
import { Refusal, usageError } from './refusal.ts'

const JSON_INDENT = 4

export const printLines = async (context: CommandContext, lines: readonly string[]): Promise<void> => {
  if (lines.length > 0) await context.io.stdout(`${lines.join('\n')}\n`)
}

/** Data as `-json` prints it, without the names by which members of unions are told apart. */
export const toJson = (data: unknown): string => {
  const isShown = (key: string): boolean => key !== '__typename'
  return `${JSON.stringify(data, (key, value: unknown) => (isShown(key) ? value : undefined), JSON_INDENT)}\n`
}

/** The template language is loaded only when somebody uses it. */
const applyTemplate = async (source: string, data: unknown, now: () => number): Promise<string> => {
  const { helperFunctions, parseTemplate } = await import('../lang/gotemplate/index.ts')
  const parsed = parseTemplate(source, { functions: helperFunctions(now) })
  const rendered = parsed.ok ? parsed.template.execute(data) : parsed
  if (rendered.ok) return rendered.text
  throw new Refusal({
    code: 'TEMPLATE_INVALID',
    message: `the template of -t cannot be used: ${rendered.error.message}`,
    hint: 'look at the data with -json',
  })
}

type OutputFlags = { readonly json: boolean; readonly t: string }

/** Prints data as `-json` or `-t` ask, else the lines that `render` makes of it. Answers the exit code. */
export const printData = async <T>(
  context: CommandContext,
  flags: OutputFlags,
  data: T,
  render: (data: T) => readonly string[],
): Promise<number> => {
  if (flags.json && flags.t !== '') throw usageError('-json and -t exclude one another')
  if (flags.json) await context.io.stdout(toJson(data))
  else if (flags.t === '') await printLines(context, render(data))
  else await context.io.stdout(`${await applyTemplate(flags.t, data, context.clock.now)}\n`)
  return EXIT_OK
}

/** Says on standard error that a list goes on beyond what was printed. */
export const warnIfCut = (context: CommandContext, isCut: boolean, count: number): void => {
  if (isCut) context.io.stderr(`Only the first ${count} entries are shown.\n`)
}
