import { describe, expect, it } from 'vitest'
import { MAX_ENV_TEMPLATE_LINES } from '../../../../../src/agents/client/limits.ts'
import { parseEnvFile } from '../../../../../src/agents/client/templates/env-file.ts'

describe('a template that becomes environment', () => {
  it('reads keys and values, quotes, comments and export', () => {
    const text = [
      '# a comment',
      '',
      'PLAIN=value # said aside',
      'export EXPORTED = x',
      'SPACED="a b"',
      "SINGLE='no \\n escape'",
      'ESCAPED="line\\nnext \\"q\\""  # fine',
      'EMPTY=',
      'URL=http://a/b?c=d#e',
      'PLAIN=later',
    ].join('\n')
    expect(parseEnvFile(text)).toEqual({
      ok: true,
      env: {
        PLAIN: 'later',
        EXPORTED: 'x',
        SPACED: 'a b',
        SINGLE: 'no \\n escape',
        ESCAPED: 'line\nnext "q"',
        EMPTY: '',
        URL: 'http://a/b?c=d#e',
      },
    })
  })

  it.each([
    ['fine=1\nnot an assignment', 'line 2 is not KEY=VALUE'],
    ['1KEY=x', 'line 1 is not KEY=VALUE'],
    ['A="open', 'line 1: the closing quote is missing'],
    ['A="x" y', 'line 1: there is text after the closing quote'],
  ])('refuses %j by its line, without its value', (text, message) => {
    expect(parseEnvFile(text)).toEqual({ ok: false, message })
  })

  it('takes so many lines and no more', () => {
    const lines = (count: number): string => Array.from({ length: count }, () => 'A=1').join('\n')
    expect(parseEnvFile(lines(MAX_ENV_TEMPLATE_LINES)).ok).toBe(true)
    expect(parseEnvFile(lines(MAX_ENV_TEMPLATE_LINES + 1)).ok).toBe(false)
  })
})
