import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseTemplate } from '../../../../src/lang/gotemplate/index.ts'

/** What Go 1.19's own text/template answered for our templates: what it shows, or in which step it fails. */
type Answer = {
  readonly template: string
  /** Rendered with missingkey=error; else missingkey=zero. */
  readonly strict?: true
  readonly shows?: string
  readonly fails?: 'parse' | 'render'
}

const { data, cases } = JSON.parse(readFileSync(new URL('go-answers.json', import.meta.url), 'utf8')) as {
  readonly data: unknown
  readonly cases: readonly Answer[]
}

const answer = ({ template, strict }: Answer): Answer => {
  const asked = strict === true ? { template, strict } : { template }
  const parsed = parseTemplate(template)
  if (!parsed.ok) return { ...asked, fails: 'parse' }
  const rendered = parsed.template.execute(data, { missingKey: strict === true ? 'error' : 'zero' })
  return rendered.ok ? { ...asked, shows: rendered.text } : { ...asked, fails: 'render' }
}

describe('a template', () => {
  it('has answers of Go to be compared with', () => {
    expect(cases.length).toBeGreaterThan(900)
    expect(cases.filter(({ fails }) => fails === 'parse').length).toBeGreaterThan(100)
  })

  it('shows what Go shows and fails where Go fails', () => {
    expect(cases.map(answer)).toEqual(cases)
  })
})
