import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TaskStart } from '../../src/agents/client/drivers/driver.ts'
import type { TaskConfig } from '../../src/agents/client/drivers/task-config.ts'

let counter = 0

export type TaskStartSeed = {
  /** The directory that gets the allocation's directories. */
  readonly root: string
  readonly config: TaskConfig
  readonly labels: Readonly<Record<string, string>>
  /** Whether the task sees /alloc, /local and /secrets, or the host's paths. */
  readonly isImage: boolean
}

/** A start of the task `web` of a new allocation, with its directories made. */
export const makeTaskStart = async (seed: TaskStartSeed, overrides: Partial<TaskStart> = {}): Promise<TaskStart> => {
  counter += 1
  const serial = `${String(process.pid).padStart(7, '0')}${String(counter).padStart(5, '0')}`
  const allocationId = `00000000-0000-4000-8000-${serial}`
  const taskDir = join(seed.root, allocationId, 'web')
  const allocDir = join(seed.root, allocationId, 'alloc')
  const localDir = join(taskDir, 'local')
  const secretsDir = join(taskDir, 'secrets')
  const logsDir = join(allocDir, 'logs')
  for (const dir of [localDir, secretsDir, logsDir]) await mkdir(dir, { recursive: true })
  return {
    id: `${allocationId}/web/0`,
    allocationId,
    taskName: 'web',
    startNumber: 0,
    labels: seed.labels,
    config: seed.config,
    user: '',
    resources: { cpuMhz: 100, memoryMb: 64, memoryMaxMb: 0 },
    ports: [],
    paths: {
      allocDir,
      localDir,
      secretsDir,
      taskDir,
      stdoutPath: join(logsDir, 'web.stdout.0'),
      stderrPath: join(logsDir, 'web.stderr.0'),
    },
    killSignal: undefined,
    logs: { maxFileBytes: 1_000_000, maxFiles: 5, isDisabled: false },
    ...overrides,
    env: {
      NOMAD_ALLOC_DIR: seed.isImage ? '/alloc' : allocDir,
      NOMAD_TASK_DIR: seed.isImage ? '/local' : localDir,
      NOMAD_SECRETS_DIR: seed.isImage ? '/secrets' : secretsDir,
      ...overrides.env,
    },
  }
}
