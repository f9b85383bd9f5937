import { expect, it } from 'vitest'
import { createSourceStore } from '../../../src/app/source-store.ts'
import { getSubmission, putSubmission } from '../../../src/app/submission.ts'
import { createMemoryStore } from '../../../src/eventstore/memory.ts'
import { createMemoryKeyring } from '../../../src/platform/keyring.ts'
import { seededRandom } from '../../../src/platform/random.ts'
import { createSealer } from '../../../src/platform/sealing.ts'
import { T0 } from '../../support/builders.ts'
import { jobSource } from '../../support/control-plane.ts'

const random = seededRandom(5)
const submission = {
  ...jobSource('job "web" {}\n'),
  variables: [{ name: 'region', value: 'eu' }],
  variableFiles: [{ name: 'prod.hcl', content: 'count = 2' }],
}

it('a job file is read as it was submitted, and not at all once its key is erased', async () => {
  const store = createMemoryStore()
  const keyring = createMemoryKeyring(random)
  const sources = createSourceStore(store, createSealer({ keyring, random }))
  const stream = await putSubmission(sources, 'default', submission, T0)
  expect(await getSubmission(sources, 'default', stream)).toEqual(submission)
  keyring.erase('default')
  await expect(getSubmission(sources, 'default', stream)).rejects.toMatchObject({ code: 'SOURCE_ERASED' })
  await store.close()
})
