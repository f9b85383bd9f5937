import type { SubmittedSource } from '../queries/job-source.ts'

/** One word for a POSIX shell. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** A line that the text does not have, to end it with. */
const delimiterOf = (text: string): string => {
  const lines = new Set(text.split('\n'))
  let delimiter = 'EOF'
  while (lines.has(delimiter)) delimiter += '_'
  return delimiter
}

const variableFileLines = (path: string, content: string): readonly string[] => {
  const delimiter = delimiterOf(content)
  return [`$ cat > ${path} <<'${delimiter}'`, ...content.replace(/\n$/, '').split('\n'), delimiter]
}

/** Names of their own, so that nothing that lies there is overwritten; the ending says how the file is read. */
const variableFilePath = (index: number, name: string): string =>
  `submitted-${index + 1}.vars.${name.endsWith('.json') ? 'json' : 'hcl'}`

/** What to type in a shell so that a job is registered as it was, with what `inspect` prints and the same variables. */
export const renderResubmission = (source: SubmittedSource, inspect: readonly string[]): readonly string[] => {
  const files = source.variableFiles.map(({ name, content }, index) => ({
    path: variableFilePath(index, name),
    content,
  }))
  const environment = source.environmentVariables.map(({ name, value }) => `MUSTER_VAR_${name}=${value}`)
  const run = [
    ...(environment.length === 0 ? [] : ['env', ...environment.toSorted()]),
    'muster',
    'job',
    'run',
    ...(source.format === 'JSON' ? ['-json'] : []),
    ...files.flatMap(({ path }) => ['-var-file', path]),
    ...source.variables.flatMap(({ name, value }) => ['-var', `${name}=${value}`]),
    '-',
  ]
  return [
    '',
    'To run this job as originally submitted:',
    '',
    ...files.flatMap(({ path, content }) => variableFileLines(path, content)),
    `$ ${inspect.map(shellWord).join(' ')} |`,
    `    ${run.map(shellWord).join(' ')}`,
  ]
}
