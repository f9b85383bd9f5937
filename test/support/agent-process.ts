import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { TaskHandle, TaskStart } from '../../src/agents/client/drivers/driver.ts'
import type { Json } from '../../src/domain/json.ts'

export type AgentProcess = {
  readonly handle: TaskHandle
  /** SIGKILL: no goodbye of any kind. */
  readonly kill: () => Promise<void>
}

const script = resolve(import.meta.dirname, 'driver-agent.ts')

/** Starts `task` from a process of its own (see driver-agent.ts). Rejects with what that process said when it could not. */
export const startInAgentProcess = async (
  driver: string,
  stateDir: string,
  options: Readonly<Record<string, Json>>,
  task: TaskStart,
): Promise<AgentProcess> => {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', script, JSON.stringify({ driver, stateDir, options, task })],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([once(lines, 'line'), ended.then(() => undefined)])
  if (line === undefined) throw new Error(`the agent process ended before it had started the task (${child.exitCode})`)
  const handle: TaskHandle = JSON.parse(String(line[0]))
  return {
    handle,
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
  }
}
