import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findEngine } from '../../../../../infra/demo/images.mjs'
import { type PrivateEngine, startPrivateEngine, whyNoPrivateEngine } from '../../../../../scripts/docker-engine.mjs'
import { createDockerDriver } from '../../../../../src/agents/client/drivers/docker/docker-driver.ts'
import type { TaskDriver, TaskHandle, TaskStart } from '../../../../../src/agents/client/drivers/driver.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../../src/platform/logger.ts'
import { eventually } from '../../../../support/eventually.ts'
import { busyboxImage } from '../../../../support/images.ts'
import { readOutput } from '../../../../support/task-output.ts'
import { makeTaskStart } from '../../../../support/task-start.ts'
import { shellProgram } from '../../../shell-program.ts'

/** Restarts of the Docker daemon itself (F7), with an engine of the test's own. */

const refusal = await whyNoPrivateEngine()
if (refusal !== undefined && process.env['CI'] === 'true')
  throw new Error(`restarts of Docker need a dockerd: ${refusal}`)
if (refusal !== undefined) console.warn(`NOT TESTED: restarts of the Docker daemon, because ${refusal}`)

const nobody = new AbortController().signal

describe.skipIf(refusal !== undefined).each([true, false])(
  'a restart of the daemon, live-restore %s',
  keepsContainers => {
    let root: string
    let engine: PrivateEngine
    let image: string
    let driver: TaskDriver

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'muster-restart-'))
      engine = await startPrivateEngine({ isBesideAnother: true, keepsContainers })
      const found = await findEngine({ DOCKER_HOST: engine.endpoint })
      if (found.kind === 'none') throw new Error(found.reason)
      image = (await busyboxImage({ engine: found.engine }, 'restart')).tag
    })

    afterAll(async () => {
      await engine?.stop()
      await rm(root, { recursive: true, force: true })
    })

    beforeEach(() => {
      const options = { endpoint: engine.endpoint, recover_timeout: '60s' }
      driver = createDockerDriver({ stateDir: join(root, 'state'), options, clock: systemClock, logger: silentLogger })
    })

    afterEach(() => driver.close())

    const startTicking = async (): Promise<{ task: TaskStart; handle: TaskHandle }> => {
      const config = { image, command: 'sh', args: ['-c', shellProgram({ kind: 'tick' })], init: true }
      const task = await makeTaskStart({ root, labels: { node: 'restart' }, isImage: true, config })
      const result = await driver.start(task, () => {}, nobody)
      if (result.kind === 'failed') throw new Error(result.message)
      return { task, handle: result.handle }
    }

    const ticksOf = async (task: TaskStart): Promise<readonly string[]> =>
      (await readOutput(task.paths.stdoutPath)).split('\n').slice(0, -1)

    const moreTicksThan = (task: TaskStart, count: number): Promise<true> =>
      eventually(`more than ${count} lines`, async () => ((await ticksOf(task)).length > count ? true : undefined))

    it('is sat out by who waits for a task', async () => {
      const { task, handle } = await startTicking()
      await moreTicksThan(task, 3)
      let hasEnded = false
      const waiting = driver.wait(handle, nobody).finally(() => {
        hasEnded = true
      })
      await engine.stopDaemon('SIGTERM')
      await expect(driver.recover(handle)).rejects.toMatchObject({ code: 'DRIVER_UNREACHABLE' })
      // Without live-restore the daemon stops its containers when it goes, and may still say so.
      if (keepsContainers) expect(hasEnded).toBe(false)
      await engine.start()
      expect(await driver.fingerprint()).toMatchObject({ isHealthy: true })
      if (keepsContainers) {
        await moreTicksThan(task, (await ticksOf(task)).length + 20)
        expect(hasEnded).toBe(false)
        await driver.stop(handle, 'SIGTERM', 20_000)
        expect(await waiting).toMatchObject({ exitCode: 143 })
      } else {
        expect(await waiting).toMatchObject({ exitCode: 143 })
      }
      const ticks = await ticksOf(task)
      expect(ticks).toEqual(ticks.map((_, index) => `tick ${index + 1}`))
      await driver.destroy(handle)
    })

    it('that takes too long is reported as unreachable, and the task can be asked for again', async () => {
      const impatient = createDockerDriver({
        stateDir: join(root, 'impatient'),
        options: { endpoint: engine.endpoint, recover_timeout: '200ms' },
        clock: systemClock,
        logger: silentLogger,
      })
      const { handle } = await startTicking()
      const waiting = impatient.wait(handle, nobody)
      const outcome = expect(waiting).rejects.toMatchObject({ code: 'DRIVER_UNREACHABLE' })
      await engine.stopDaemon('SIGKILL')
      await outcome
      await engine.start()
      await driver.destroy(handle)
      expect(await driver.recover(handle)).toBe('gone')
      await impatient.close()
    })
  },
)
