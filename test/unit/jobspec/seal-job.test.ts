import { describe, expect, it } from 'vitest'
import { openJob } from '../../../src/app/open-job.ts'
import { isSameSpec } from '../../../src/domain/job/same-spec.ts'
import type { Job, Sealed } from '../../../src/domain/jobspec/schema.ts'
import { sameValue } from '../../../src/domain/scheduler/same-value.ts'
import { sealJob } from '../../../src/jobspec/index.ts'
import { createMemoryKeyring } from '../../../src/platform/keyring.ts'
import { systemRandom } from '../../../src/platform/random.ts'
import { createSealer } from '../../../src/platform/sealing.ts'
import { goodJobFile, type JobParts, jobFile } from '../../support/job-files.ts'

const sealer = createSealer({ keyring: createMemoryKeyring(systemRandom), random: systemRandom })
const seal = (clear: string): Sealed => sealer.seal('default', clear)
const open = async (_: string, sealed: Sealed): Promise<string | null> =>
  'sealed' in sealed ? sealer.open('default', sealed.sealed) : null

const sealed = async (parts: JobParts): Promise<Job> => sealJob((await goodJobFile(jobFile(parts))).job, seal)

const secrets: JobParts = {
  task: `env {
      TOKEN = "clear-env"
      digest = "clear-digest"
      source = "clear-source"
    }
    template {
      data = "clear-template"
      destination = "local/a"
    }
    config {
      image = "shown:1"
      auth {
        username = "shown-user"
        password = "clear-password"
      }
      registry = { PASSWORD = "clear-upper", identitytoken = ["clear-list", { a = "clear-nested" }] }
      password = 8675309
    }`,
}

describe('a sealed job', () => {
  it('holds no value of env, template data or password in clear', async () => {
    const text = JSON.stringify(await sealed(secrets))
    expect(text).not.toContain('clear-')
    expect(text).not.toContain('8675309')
    for (const shown of ['TOKEN', 'shown:1', 'shown-user', 'local/a']) expect(text).toContain(shown)
  })

  it('opens to what the file said', async () => {
    const { job } = await goodJobFile(jobFile(secrets))
    const opened = await openJob('default', sealJob(job, seal), open)
    const [task] = job.groups[0]?.tasks ?? []
    expect(opened).toEqual({
      ...job,
      groups: [{ ...job.groups[0], tasks: [{ ...task, config: { ...task?.config, password: '8675309' } }] }],
    })
  })

  it('is the same as another of the same file, though no sealed text is', async () => {
    const [a, b] = [await sealed(secrets), await sealed(secrets)]
    expect(JSON.stringify(a)).not.toBe(JSON.stringify(b))
    expect(isSameSpec(a, b)).toBe(true)
    expect(sameValue(a, b)).toBe(true)
  })

  it.each([
    ['clear-env', 'other'],
    ['clear-digest', 'other'],
    ['clear-source', 'other'],
    ['clear-template', 'other'],
    ['clear-password', 'other'],
    ['clear-nested', 'other'],
    ['8675309', '8675310'],
    ['shown:1', 'shown:2'],
  ])('differs where %s differs', async (before, after) => {
    const a = await sealed(secrets)
    const b = await sealed({ task: secrets.task?.replace(before, after) ?? '' })
    expect(isSameSpec(a, b)).toBe(false)
    expect(sameValue(a, b)).toBe(false)
  })

  it('is not mistaken about meta with the keys of a sealed value', async () => {
    const meta = (value: string): JobParts => ({ job: `meta {\n digest = "d"\n source = "${value}"\n x = 1\n }` })
    const [a, b] = [await sealed(meta('a')), await sealed(meta('b'))]
    expect(isSameSpec(a, b)).toBe(false)
    expect(await openJob('default', a, open)).toMatchObject({ meta: { digest: 'd', source: 'a', x: '1' } })
  })

  it('does not depend on the order in which keys were written', async () => {
    const one = await sealed({ task: 'env {\n A = "1"\n B = "2"\n }' })
    const two = await sealed({ task: 'env {\n B = "2"\n A = "1"\n }' })
    expect(isSameSpec(one, two)).toBe(true)
  })
})
