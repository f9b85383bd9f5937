import { createDockerDriver } from './docker/docker-driver.ts'
import type { DriverFactory } from './driver.ts'
import { createMockDriver } from './mock/mock-driver.ts'
import { createMockWorld } from './mock/mock-world.ts'
import { createRawExecDriver } from './raw-exec/raw-exec-driver.ts'

/** Every driver, by the name that a job's `driver = "…"` says. A new driver is one line here; the contract suite finds it. */
export const driverRegistry = {
  docker: createDockerDriver,
  raw_exec: createRawExecDriver,
  mock: context => createMockDriver(context, createMockWorld(context.clock)),
} as const satisfies Record<string, DriverFactory>
