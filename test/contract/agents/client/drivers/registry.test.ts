import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { driverRegistry } from '../../../../../src/agents/client/drivers/registry.ts'
import { systemClock } from '../../../../../src/platform/clock.ts'
import { silentLogger } from '../../../../../src/platform/logger.ts'

const files = readdirSync(import.meta.dirname).filter(name => name.endsWith('.test.ts'))
const contracts = files.map(
  name => /^\s*driverContract\('([a-z_]+)'/m.exec(readFileSync(`${import.meta.dirname}/${name}`, 'utf8'))?.[1],
)

describe.each(Object.entries(driverRegistry))('the driver %s', (name, create) => {
  it('has a file that runs the contract over it', () => {
    expect(contracts).toContain(name)
  })

  it('calls itself by the name that it is registered under', () => {
    const driver = create({ stateDir: '/nowhere', options: {}, clock: systemClock, logger: silentLogger })
    expect(driver.name).toBe(name)
  })
})
