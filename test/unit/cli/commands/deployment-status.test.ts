import { describe, expect, it } from 'vitest'
import { deployment, ids } from '../../../support/cli-answers.ts'
import { NOW, runFakeCli } from '../../../support/fake-cli.ts'

/** Follows a deployment that is over when it is looked at for the third time; answers the instant that this is printed with. */
const followed = async (flags: readonly string[]): Promise<number> => {
  let looks = 0
  const root = {
    deployment: () => {
      looks += 1
      return deployment({ status: looks < 4 ? 'running' : 'successful' })
    },
  }
  const told = await runFakeCli(['deployment', 'status', '-monitor', ...flags, ids.deployment], { root })
  expect(told.code).toBe(0)
  const [, time = ''] = /successful\n\s+(\S+)\n\s+ID/.exec(told.stdout) ?? []
  return Date.parse(time) - NOW
}

describe('deployment status -wait', () => {
  it('says how long to wait before looking again', async () => {
    expect(await followed(['-wait', '7s'])).toBe(14_000)
    expect(await followed(['-wait', '1s'])).toBe(2_000)
    expect(await followed([])).toBe(0)
  })

  it.each([
    ['99ms', 1],
    ['100ms', 0],
    ['101ms', 0],
  ])('of %s ends with %i', async (wait, code) => {
    const root = { deployment: () => deployment() }
    const told = await runFakeCli(['deployment', 'status', '-monitor', '-wait', wait, ids.deployment], { root })
    expect(told.code).toBe(code)
  })
})
