import { type JobKey, jobKey } from './ids.ts'

/** Names of streams: `category-id`, a category without a dash (design §3). */
export const CONTROL_STREAM = 'control'
export const jobStream = (namespace: string, jobId: string): string => `job-${jobKey(namespace, jobId)}`
export const nodeStream = (nodeId: string): string => `node-${nodeId}`
export const reportStream = (nodeId: string): string => `report-${nodeId}`
export const sourceStream = (digest: string): string => `source-${digest}`
export const configStream = (name: string): string => `config-${name}`

/** The categories whose events the cluster's state is folded from. */
export const STATE_CATEGORIES: readonly string[] = ['job', 'control', 'node', 'report', 'config']

export const jobKeyOfStream = (stream: string): JobKey => stream.slice('job-'.length)
export const idOfStream = (stream: string): string => stream.slice(stream.indexOf('-') + 1)

/** What stands before a stream's first dash. */
export const categoryOf = (stream: string): string => {
  const dash = stream.indexOf('-')
  return dash < 0 ? stream : stream.slice(0, dash)
}
