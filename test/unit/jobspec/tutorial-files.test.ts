import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import type { ClearJob } from '../../../src/domain/jobspec/schema.ts'
import { openGate } from '../../../src/lang/hcl/gate.ts'
import { goodJobFile } from '../../support/job-files.ts'
import { hasSeed, seedJobFiles } from '../../support/seed.ts'
import { root } from '../../support/source-tree.ts'

const gate = openGate()
afterAll(() => gate.close())

const demoFolder = join(root, 'infra/demo/jobs')
const demoFiles = readdirSync(demoFolder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.hcl'))

/** What the demo gives where programs run without containers; a file takes those that it declares. */
const givenByTheDemo = { programs: '/programs', redis_setup: 'redis-server', node: '/usr/bin/node' }

const firstTask = (job: ClearJob): ClearJob['groups'][number]['tasks'][number] => {
  const task = job.groups[0]?.tasks[0]
  if (task === undefined) throw new Error('the job has no task')
  return task
}

describe('the job files of the demo', () => {
  it.each(demoFiles)('%s is accepted without a warning', async name => {
    const { job, warnings } = await goodJobFile(readFileSync(join(demoFolder, name), 'utf8'), {
      environment: givenByTheDemo,
    })
    expect(warnings).toEqual([])
    expect(name).toContain(job.id)
  })

  it('are the four of the tutorial, and a second employee, for each driver', () => {
    expect(demoFiles.length).toBe(10)
  })
})

describe.runIf(hasSeed())('the job files of the tutorial', () => {
  const read = async (name: string): Promise<ClearJob> => {
    const { job, warnings } = await goodJobFile(seedJobFiles().get(name) ?? '', {}, gate)
    expect(warnings).toEqual([])
    return job
  }

  it('give redis a dynamic port and a service', async () => {
    const job = await read('pytechco-redis')
    expect(job.type).toBe('service')
    expect(job.groups[0]?.network?.ports).toMatchObject([{ label: 'redis', static: 0, to: 6379 }])
    expect([...(job.groups[0]?.services ?? []), ...firstTask(job).services]).toMatchObject([
      { name: 'redis-svc', port: 'redis', provider: 'nomad' },
    ])
  })

  it('give the web page the static port 5000 and a template that finds redis', async () => {
    const job = await read('pytechco-web')
    expect(job.groups[0]?.network?.ports).toMatchObject([{ static: 5000 }])
    expect(firstTask(job).templates).toMatchObject([{ isEnv: true }])
    expect(firstTask(job).templates[0]?.data).toContain('{{ range nomadService "redis-svc" }}')
  })

  it('ask for a budget when the setup is dispatched', async () => {
    const job = await read('pytechco-setup')
    expect(job.type).toBe('batch')
    expect(job.parameterized).toEqual({ payload: 'optional', metaRequired: ['budget'], metaOptional: [] })
  })

  it('run the employee every three seconds by a cron of seven fields', async () => {
    const job = await read('pytechco-employee')
    expect(job.periodic).toMatchObject({ crons: ['0/3 * * * * * *'], prohibitsOverlap: false, timeZone: 'UTC' })
  })
})
