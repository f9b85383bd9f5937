/** Regular expressions of RE2's syntax, matched in linear time. Pure: safe in code that may reach nothing of the system. */
export { type CompiledRegex, compileRegex, MAX_PATTERN_LENGTH, type Regex, type RegexMatch } from './compile-regex.ts'
