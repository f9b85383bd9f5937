import type { TaskHandle, TaskStart } from '../driver.ts'

/** What a Docker task's handle remembers: the container, and where its output goes. */
export type DockerState = {
  readonly containerId: string
  readonly stdoutPath: string
  readonly stderrPath: string
  readonly maxFileBytes: number
  readonly maxFiles: number
  readonly collectsOutput: boolean
}

export const dockerHandle = (task: TaskStart, containerId: string): TaskHandle => ({
  driver: 'docker',
  id: task.id,
  state: {
    containerId,
    stdoutPath: task.paths.stdoutPath,
    stderrPath: task.paths.stderrPath,
    maxFileBytes: task.logs.maxFileBytes,
    maxFiles: task.logs.maxFiles,
    collectsOutput: !task.logs.isDisabled,
  },
})

/** Undefined for a handle that this driver did not make. */
export const dockerStateOf = (handle: TaskHandle): DockerState | undefined => {
  const { state } = handle
  if (typeof state !== 'object' || state === null || Array.isArray(state)) return undefined
  const { containerId, stdoutPath, stderrPath, maxFileBytes, maxFiles, collectsOutput } = Object.fromEntries(
    Object.entries(state),
  )
  if (typeof containerId !== 'string' || typeof stdoutPath !== 'string' || typeof stderrPath !== 'string') {
    return undefined
  }
  if (typeof maxFileBytes !== 'number' || typeof maxFiles !== 'number') return undefined
  return { containerId, stdoutPath, stderrPath, maxFileBytes, maxFiles, collectsOutput: collectsOutput === true }
}
