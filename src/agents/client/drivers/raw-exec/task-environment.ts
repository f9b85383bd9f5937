/**
 * The environment of a raw_exec task: what the task is given, and from the agent's own environment what the task does not
 * set itself, credentials excepted.
 */

/** Every process of a task carries these, so that it is found by anybody later, its state directory lost or not. */
export const LABELS_VARIABLE = 'MUSTER_TASK_LABELS'
export const START_VARIABLE = 'MUSTER_TASK_START'

/** Before the start's id in the environment of its collectors, which outlive the task until its last output is written. */
export const COLLECTOR_PREFIX = 'collector '

/** Variables of the agent that tasks never inherit: they open doors that are the agent's alone. */
const keptFromTasks: readonly RegExp[] = [
  /^(MUSTER|NOMAD|CONSUL|VAULT)_/,
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN)$/,
  /^GOOGLE_APPLICATION_CREDENTIALS$/,
  /^(GITHUB|GITLAB|NPM)_TOKEN$/,
]

type Variables = Readonly<Record<string, string>>

export const encodeLabels = (labels: Variables): string =>
  Object.entries(labels)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .join('&')

/** Whether encoded labels hold all of `labels`. */
export const hasLabels = (encoded: string, labels: Variables): boolean => {
  const entries = new Set(encoded.split('&'))
  return Object.entries(labels).every(entry => entries.has(encodeLabels({ [entry[0]]: entry[1] })))
}

export const environmentOf = (
  task: { readonly id: string; readonly labels: Variables; readonly env: Variables },
  agentEnvironment: Readonly<Record<string, string | undefined>>,
): Variables => ({
  ...Object.fromEntries(
    Object.entries(agentEnvironment).flatMap(([name, value]) =>
      value === undefined || keptFromTasks.some(pattern => pattern.test(name)) ? [] : [[name, value] as const],
    ),
  ),
  ...task.env,
  [LABELS_VARIABLE]: encodeLabels(task.labels),
  [START_VARIABLE]: task.id,
})
