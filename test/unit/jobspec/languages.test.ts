import { describe, expect, it } from 'vitest'
import { templateFunctionNames } from '../../../src/jobspec/template-functions.ts'
import { badJobFile, goodJobFile, jobFile, parseJobFile, parseJsonJob } from '../../support/job-files.ts'

const withTemplate = (data: string, more = ''): string =>
  jobFile({ task: `template {\n destination = "local/a"\n ${more}\n data = <<EOT\n${data}\nEOT\n }` })

const periodic = (cron: string, more = ''): string =>
  jobFile({ type: 'batch', job: `periodic {\n cron = "${cron}"\n ${more}\n }` })

/** The rest of the line at whose place something was found. */
const textAt = (source: string, { line, column }: { readonly line: number; readonly column: number }): string =>
  source.split('\n')[line - 1]?.slice(column - 1) ?? ''

describe('a template of a task', () => {
  it.each([
    '{{ range nomadService "redis" }}{{ .Address }}:{{ .Port }}{{ end }}',
    '{{ range nomadServices }}{{ .Name }}{{ end }}',
    '{{ if and (eq (env "A") "b") (gt (len "x") 0) }}{{ printf "%d" 1 }}{{ end }}',
    '{{ envOrDefault "A" "b" | toUpper | base64Encode }}',
    '{{ with parseJSON "[1]" }}{{ toJSON . }}{{ end }}',
    '{{ define "x" }}y{{ end }}{{ template "x" . }}',
    '{{ timestamp }} {{ add 1 2 }} {{ mustEnv "A" }}',
  ])('may use %s', async data => {
    expect((await goodJobFile(withTemplate(data))).warnings).toEqual([])
  })

  it.each([
    ['key "a/b"', 'the function "key" needs Consul, which is not there'],
    ['service "web"', 'the function "service" needs Consul, which is not there'],
    ['secret "a"', 'the function "secret" needs Vault, which is not there'],
    ['nomadVar "a"', 'the function "nomadVar" is not supported yet'],
    ['sprig_upper "a"', 'the function "sprig_upper" is not supported yet'],
    ['writeToFile "a"', 'the function "writeToFile" is denied'],
    ['toUper "a"', 'the function "toUper" does not exist. Did you mean "toUpper"?'],
    ['zzz', 'the function "zzz" does not exist.'],
  ])('that calls %s is refused by name and line', async (call, detail) => {
    const found = await badJobFile(withTemplate(`first line\n{{ ${call} }}`))
    expect(found.map(({ summary }) => summary)).toEqual(['Invalid template'])
    expect(found[0]?.detail).toContain(`In line 2 of the template for "local/a": ${detail}`)
    expect(found[0]?.line).toBe(
      withTemplate('')
        .split('\n')
        .findIndex(line => line.includes('<<EOT')) + 1,
    )
  })

  it('that cannot be read is refused with its line', async () => {
    const found = await badJobFile(withTemplate('a\nb\n{{ if }}'))
    expect(found[0]?.detail).toContain('In line 3 of the template')
  })

  it('is read with its own delimiters', async () => {
    const more = 'left_delimiter = "[["\n right_delimiter = "]]"'
    await goodJobFile(withTemplate('{{ nonsense }} [[ env "A" ]]', more))
    expect((await badJobFile(withTemplate('[[ nonsense ]]', more)))[0]?.detail).toContain('"nonsense" does not exist')
  })

  it('has every function that it is told of', () => {
    for (const name of ['nomadService', 'env', 'printf', 'and', 'toJSON', 'loop', 'indent', 'replaceAll'])
      expect(templateFunctionNames()).toContain(name)
  })
})

describe('a schedule', () => {
  it.each(['*/5 * * * *', '0 0 1 1 *', '0/3 * * * * * *', '@hourly', '0 22 * * 1-5', '0 12 LW * *', '0 0 * * 1#2'])(
    '%s is accepted',
    async cron => {
      expect((await goodJobFile(periodic(cron))).warnings).toEqual([])
    },
  )

  it.each(['', 'soon', '* * * *', '61 * * * *', '@often'])('%j is refused', async cron => {
    const found = await badJobFile(periodic(cron))
    expect(found.map(({ summary, line }) => [summary, line])).toEqual([['Invalid cron', 12]])
  })

  it.each(['0 0 30 2 *', '0 0 0 1 1 * 2001'])('%s, which is never due, is accepted with a warning', async cron => {
    const { warnings } = await goodJobFile(periodic(cron))
    expect(warnings.map(({ summary }) => summary)).toEqual(['Never due'])
    expect(warnings[0]?.detail).toContain(`"${cron}"`)
  })

  it.each([
    ['cron = "* * * *"', '"* * * *"'],
    ['crons = ["@daily", "* * * *"]', '"* * * *"'],
    ['crons = concat(["@daily"], ["* * * *"])', 'concat(["@daily"], ["* * * *"])'],
    ['cron = "0 0 30 2 *"', '"0 0 30 2 *"'],
    ['crons = [\n"@daily",\n"0 0 30 2 *"]', '"0 0 30 2 *"'],
  ])('that is wrong in %j is shown at its value', async (line, value) => {
    const file = jobFile({ type: 'batch', job: `periodic {\n ${line}\n }` })
    const parsed = await parseJobFile(file)
    const found = parsed.ok ? parsed.warnings : parsed.diagnostics
    expect(found.map(finding => textAt(file, finding).slice(0, value.length))).toEqual([value])
  })

  it('that is wrong in the JSON of a job is shown at its value, too', async () => {
    const Periodic = { Enabled: true, SpecType: 'cron', Specs: ['@daily', '* * * *'] }
    const TaskGroups = [{ Name: 'a', Tasks: [{ Name: 't', Driver: 'mock' }] }]
    const source = JSON.stringify({ Job: { ID: 'tick', Type: 'batch', Periodic, TaskGroups } })
    const parsed = await parseJsonJob(source)
    const found = parsed.ok ? [] : parsed.diagnostics
    expect(found.map(finding => textAt(source, finding).slice(0, 9))).toEqual(['"* * * *"'])
  })

  it('needs a time zone that exists', async () => {
    await goodJobFile(periodic('@daily', 'time_zone = "America/New_York"'))
    const found = await badJobFile(periodic('@daily', 'time_zone = "Mars/Base"'))
    expect(found.map(({ summary, line }) => [summary, line])).toEqual([['Unknown time zone', 13]])
  })
})

describe('a pattern', () => {
  it.each(['job', 'group', 'task'] as const)('of a %s is read when the job is registered', async place => {
    const constraint = (regexp: string): string =>
      `constraint {\n attribute = "\${node.class}"\n regexp = "${regexp}"\n }`
    await goodJobFile(jobFile({ [place]: constraint('^(a|b)+$') }))
    const found = await badJobFile(jobFile({ [place]: constraint('(a') }))
    expect(found.map(({ summary }) => summary)).toEqual(['Invalid regular expression'])
    expect(found.map(finding => textAt(jobFile({ [place]: constraint('(a') }), finding))).toEqual(['"(a"'])
    expect((await badJobFile(jobFile({ [place]: constraint('(a)\\\\1') }))).length).toBe(1)
  })
})
