import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as images from '../../infra/demo/images.mjs'

const PROGRAMS = join(import.meta.dirname, '../../infra/demo/programs')

const found = await images.findEngine()
if (found.kind === 'none' && process.env['CI'] === 'true') throw new Error(`no images can be tested: ${found.reason}`)
if (found.kind === 'none') console.warn(`NOT TESTED: the demo's images, since ${found.reason}`)

describe.runIf(found.kind === 'found')('with a Docker engine', () => {
  const engine = found.kind === 'found' ? found.engine : undefined
  const run = randomBytes(4).toString('hex')
  const tagOf = (name: string) => `muster-test-${run}/${name}:1.0`
  const made: images.Image[] = []

  function getEngine(): images.Engine {
    if (engine === undefined) throw new Error('there is no engine')
    return engine
  }

  beforeAll(async () => {
    const tags = { redis: tagOf('redis'), web: tagOf('web'), setup: tagOf('setup'), employee: tagOf('employee') }
    await images.buildTutorialImages({
      engine: getEngine(),
      tags,
      programsDir: PROGRAMS,
      onImage: image => made.push(image),
    })
  })

  afterAll(async () => {
    await images.removeContainersOf({ engine: getEngine(), images: made })
    await images.removeImages({ engine: getEngine(), images: made })
  })

  async function runToEnd(name: string, env: readonly string[], cmd: readonly string[] = []) {
    const docker = new Docker(getEngine().options)
    const container = await docker.createContainer({
      Image: tagOf(name),
      Env: [...env],
      Cmd: [...cmd],
      Tty: true,
      HostConfig: { NetworkMode: 'host' },
    })
    await container.start()
    const { StatusCode: code } = (await container.wait()) as { StatusCode: number }
    const output = (await container.logs({ stdout: true, stderr: true })).toString()
    await container.remove()
    return { code, output }
  }

  test('the images of the tutorial run: redis serves, setup and employee end with 0, arguments reach them', async () => {
    const docker = new Docker(getEngine().options)
    const redis = await docker.createContainer({
      Image: tagOf('redis'),
      ExposedPorts: { '6379/tcp': {} },
      HostConfig: { PortBindings: { '6379/tcp': [{ HostIp: '127.0.0.1', HostPort: '' }] } },
    })
    await redis.start()
    const ports: Record<string, readonly { readonly HostPort: string }[] | undefined> = (await redis.inspect())
      .NetworkSettings.Ports
    const env = ['REDIS_HOST=127.0.0.1', `REDIS_PORT=${ports['6379/tcp']?.[0]?.HostPort ?? ''}`]
    expect(await runToEnd('setup', [...env, 'PTC_BUDGET=200'])).toMatchObject({
      code: 0,
      output: expect.stringContaining('the budget is 200') as string,
    })
    const employee = await runToEnd('employee', [...env, 'PTC_EMPLOYEE_ID=a1'], ['--employee-type', 'sales_engineer'])
    expect(employee).toMatchObject({
      code: 0,
      output: expect.stringContaining('a1 is online as sales_engineer') as string,
    })
    expect(await images.listContainersOf({ engine: getEngine(), images: made })).toMatchObject([{ isRunning: true }])
    expect(await images.removeContainersOf({ engine: getEngine(), images: made })).toBe(1)
  })

  test('a tag that exists is left as it is, and is not removed as if it were ours', async () => {
    const before = await images.findImage(getEngine(), tagOf('web'))
    const again = await images.buildImage({
      engine: getEngine(),
      tag: tagOf('web'),
      files: [{ path: '/other', content: 'x' }],
    })
    expect(again).toEqual({ kind: 'exists', tag: tagOf('web'), id: before })
    await images.removeImages({ engine: getEngine(), images: [{ tag: tagOf('web'), id: `sha256:${'0'.repeat(64)}` }] })
    expect(await images.findImage(getEngine(), tagOf('web'))).toBe(before)
  })

  test('what was made is removed by tag and id', async () => {
    const tag = tagOf('short-lived')
    const image = await images.buildImage({
      engine: getEngine(),
      tag,
      files: [{ path: '/a/file', content: 'x' }],
      cmd: ['/a/file'],
      env: { PRICE: '5 $x "quoted"' },
    })
    expect(image.kind).toBe('made')
    const details = await new Docker(getEngine().options).getImage(tag).inspect()
    expect(details.Config.Env).toContain('PRICE=5 $x "quoted"')
    expect(await images.removeImages({ engine: getEngine(), images: [image] })).toEqual([])
    expect(await images.findImage(getEngine(), tag)).toBeUndefined()
  })
})

test('an engine that is not there, or cannot be spoken to, is a reason and no exception', async () => {
  expect(await images.findEngine({ DOCKER_HOST: 'unix:///nowhere/docker.sock' })).toMatchObject({
    kind: 'none',
    reason: expect.stringContaining('/nowhere/docker.sock does not answer') as string,
  })
  expect(await images.findEngine({ DOCKER_HOST: 'ssh://somebody@somewhere' })).toMatchObject({
    kind: 'none',
    reason: expect.stringContaining('only unix:// and tcp://') as string,
  })
})
