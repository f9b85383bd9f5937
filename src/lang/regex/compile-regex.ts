import { type Matcher, RE2JS } from 're2js'
import { expandReplacement } from './expand-replacement.ts'

/** A pattern may have this many characters: matching takes time in proportion to it. */
export const MAX_PATTERN_LENGTH = 4_096

/** A match: `groups[0]` is its text, a group that took no part is undefined. Offsets are UTF-16 units. */
export type RegexMatch = {
  readonly start: number
  readonly end: number
  readonly groups: readonly (string | undefined)[]
}

/** A compiled pattern. Nothing of it has a state: the same call gives the same answer, any time. */
export type Regex = {
  readonly pattern: string
  /** True if the pattern matches somewhere in the text. */
  readonly test: (text: string) => boolean
  /** The leftmost match, or undefined. */
  readonly find: (text: string) => RegexMatch | undefined
  /** All matches that do not overlap, from the left, at most `maxCount`. */
  readonly findAll: (text: string, maxCount?: number) => readonly RegexMatch[]
  /** Replaces every match. In the replacement `$1`, `$name` and `${name}` are groups, and `$$` is a dollar sign. */
  readonly replaceAll: (text: string, replacement: string) => string
  /** Replaces every match by the replacement as it stands. */
  readonly replaceAllLiteral: (text: string, replacement: string) => string
  /** Takes the text apart at every match, as `strings.Split` does with a fixed separator. */
  readonly split: (text: string) => readonly string[]
}

export type CompiledRegex =
  | { readonly ok: true; readonly regex: Regex }
  | { readonly ok: false; readonly message: string }

const groupAt = (matcher: Matcher, index: number): string | undefined => matcher.group(index) ?? undefined

const matchOf = (matcher: Matcher, groupCount: number): RegexMatch => ({
  start: matcher.start(),
  end: matcher.end(),
  groups: Array.from({ length: groupCount + 1 }, (_, index) => groupAt(matcher, index)),
})

/** As Go counts them: an empty match right behind another match is none. */
const collectMatches = (compiled: RE2JS, text: string, maxCount: number): RegexMatch[] => {
  const matcher = compiled.matcher(text)
  const groupCount = compiled.groupCount()
  const matches: RegexMatch[] = []
  while (matches.length < maxCount && matcher.find()) {
    const match = matchOf(matcher, groupCount)
    if (match.start === match.end && match.start === matches.at(-1)?.end) continue
    matches.push(match)
  }
  return matches
}

const replaceMatches = (
  text: string,
  matches: readonly RegexMatch[],
  replacementOf: (match: RegexMatch) => string,
): string => {
  const pieces: string[] = []
  let at = 0
  for (const match of matches) {
    pieces.push(text.slice(at, match.start), replacementOf(match))
    at = match.end
  }
  pieces.push(text.slice(at))
  return pieces.join('')
}

const splitAt = (text: string, matches: readonly RegexMatch[]): string[] => {
  const pieces: string[] = []
  let at = 0
  for (const match of matches) {
    const isEmptyAtEdge = match.end === 0 || (match.start === match.end && match.start === text.length)
    if (isEmptyAtEdge) continue
    pieces.push(text.slice(at, match.start))
    at = match.end
  }
  return [...pieces, text.slice(at)]
}

const regexOf = (pattern: string, compiled: RE2JS): Regex => {
  const namedGroups = new Map(Object.entries(compiled.namedGroups()))
  const findAll = (text: string, maxCount = Number.POSITIVE_INFINITY): RegexMatch[] =>
    collectMatches(compiled, text, maxCount)
  return {
    pattern,
    test: text => compiled.matcher(text).find(),
    find: text => findAll(text, 1)[0],
    findAll,
    replaceAll: (text, replacement) =>
      replaceMatches(text, findAll(text), match => expandReplacement(replacement, match.groups, namedGroups)),
    replaceAllLiteral: (text, replacement) => replaceMatches(text, findAll(text), () => replacement),
    split: text => splitAt(text, findAll(text)),
  }
}

/** Compiles a pattern of RE2's syntax (no look-around, no back references). A refusal says what is wrong with it. */
export const compileRegex = (pattern: string): CompiledRegex => {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    return {
      ok: false,
      message: `the pattern has ${pattern.length} characters; at most ${MAX_PATTERN_LENGTH} are compiled`,
    }
  }
  try {
    return { ok: true, regex: regexOf(pattern, RE2JS.compile(pattern)) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { ok: false, message: message.replace(/^error parsing regexp: /, '') }
  }
}
