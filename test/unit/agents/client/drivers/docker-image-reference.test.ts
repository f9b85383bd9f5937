import { describe, expect, it } from 'vitest'
import { parseImageReference } from '../../../../../src/agents/client/drivers/docker/image-reference.ts'

const digest = `sha256:${'a'.repeat(64)}`

describe('the name of an image', () => {
  it.each([
    ['redis', 'redis', 'latest', 'docker.io', true],
    ['redis:latest', 'redis', 'latest', 'docker.io', true],
    ['redis:7.0.7-alpine', 'redis', '7.0.7-alpine', 'docker.io', false],
    ['library/redis:7', 'library/redis', '7', 'docker.io', false],
    ['ghcr.io/a/b/ptc-web:1.0', 'ghcr.io/a/b/ptc-web', '1.0', 'ghcr.io', false],
    ['localhost/app', 'localhost/app', 'latest', 'localhost', true],
    ['127.0.0.1:5000/app', '127.0.0.1:5000/app', 'latest', '127.0.0.1:5000', true],
    ['127.0.0.1:5000/app:1', '127.0.0.1:5000/app', '1', '127.0.0.1:5000', false],
    [`redis@${digest}`, 'redis', digest, 'docker.io', false],
    [`host:1/app:latest@${digest}`, 'host:1/app', digest, 'host:1', false],
    ['https://registry.example/app:2', 'registry.example/app', '2', 'registry.example', false],
  ])('%s is taken apart', (text, repository, version, registry, isMoving) => {
    expect(parseImageReference(text)).toMatchObject({ repository, version, registry, isMoving })
  })

  it('gets the tag that it leaves out', () => {
    expect(parseImageReference('host:1/app')?.full).toBe('host:1/app:latest')
  })

  it.each(['', ' ', 'a b', 'redis:', ':1', 'a//b', 'app:1:2', 'redis@sha256:short', 'x'.repeat(2_000), '-a'])(
    '%j is refused',
    text => {
      expect(parseImageReference(text)).toBeUndefined()
    },
  )
})
