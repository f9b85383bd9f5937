/** One number, or several that differ by labels. Names are Prometheus's: units last, counters end in `_total`. */
export type Metric = {
  readonly name: string
  readonly help: string
  readonly type: 'gauge' | 'counter'
  readonly samples: readonly Sample[]
}

export type Sample = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

/** All of them at one moment, ms since the epoch. */
export type Measured = { readonly at: number; readonly metrics: readonly Metric[] }

const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')

const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"')

const labelsOf = (labels: Sample['labels']): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

/** The text form of Prometheus, version 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export const renderPrometheus = (metrics: readonly Metric[]): string =>
  metrics
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${escapeHelp(help)}`,
      `# TYPE ${name} ${type}`,
      ...samples.map(({ labels, value }) => `${name}${labelsOf(labels)} ${value}`),
    ])
    .map(line => `${line}\n`)
    .join('')

/** Nomad's own form, of its latest values alone. */
export const renderSummary = ({ at, metrics }: Measured) => {
  const valuesOf = (wanted: Metric['type']) =>
    metrics
      .filter(({ type }) => type === wanted)
      .flatMap(({ name, samples }) =>
        samples.map(({ labels, value }) => ({ Name: name, Value: value, Labels: labels })),
      )
  return {
    Timestamp: new Date(at).toISOString(),
    Gauges: valuesOf('gauge'),
    Counters: valuesOf('counter'),
    Points: [],
    Samples: [],
  }
}
