import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { buildTutorialImages, findEngine, findProgram } from '../../infra/demo/images.mjs'

/**
 * Decides how the tutorial's tasks run on this machine: in containers where a Docker engine answers and images can be
 * made for it, else as plain processes. Answers
 * `{ driver, summary, jobsDir, variables, images, engine }`: `variables` are the job files' own, `images` what was made
 * and must be removed again (kept up to date through `onImages` while they are made).
 */
export async function chooseWorkload({ demoDir, wanted, onImages }) {
  if (wanted !== 'raw_exec') {
    const found = await findEngine()
    const docker = found.kind === 'found' ? await prepareDocker({ demoDir, engine: found.engine, onImages }) : found
    if (docker.kind !== 'none') return docker
    if (wanted === 'docker') throw new Error(`the driver docker was asked for, but ${docker.reason}`)
    return prepareRawExec(demoDir, `since ${docker.reason}`)
  }
  return prepareRawExec(demoDir, 'as asked for')
}

/** The tag is this run's own, so that it meets nobody else's images and two demos do not meet each other. */
async function prepareDocker({ demoDir, engine, onImages }) {
  const tag = `run-${randomBytes(4).toString('hex')}`
  const tags = { redis: `muster-demo/redis:${tag}` }
  for (const name of ['web', 'setup', 'employee']) tags[name] = `muster-demo/ptc-${name}:${tag}`
  const images = []
  const onImage = result => {
    if (result.kind === 'exists') throw new Error(`the image ${result.tag} exists already, and is not this run's`)
    images.push({ tag: result.tag, id: result.id })
    onImages({ engine, images })
  }
  try {
    const { redisKind } = await buildTutorialImages({ engine, tags, programsDir: join(demoDir, 'programs'), onImage })
    const summary = `The tasks run in containers of Docker ${engine.version}, redis being ${nameOfRedis(redisKind)}.`
    return {
      kind: 'docker',
      driver: 'docker',
      summary,
      jobsDir: join(demoDir, 'jobs/docker'),
      variables: { tag },
      images,
      engine,
    }
  } catch (error) {
    return { kind: 'none', reason: error.message }
  }
}

async function prepareRawExec(demoDir, reason) {
  const programs = join(demoDir, 'programs')
  const server = await findProgram('redis-server')
  const redis = server ?? process.execPath
  const setup = join(programs, server === undefined ? 'redis-stand-in.mjs' : 'redis.conf')
  const kind = nameOfRedis(server === undefined ? 'stand-in' : 'redis-server')
  return {
    kind: 'raw_exec',
    driver: 'raw_exec',
    summary: `The tasks run as plain processes with raw_exec, ${reason}; redis is ${kind}.`,
    jobsDir: join(demoDir, 'jobs/raw_exec'),
    variables: { node: process.execPath, programs, redis, redis_setup: setup },
    images: [],
    engine: undefined,
  }
}

const nameOfRedis = kind =>
  kind === 'redis-server'
    ? 'the redis-server of this machine'
    : "a small stand-in of ours (redis-server isn't installed)"
