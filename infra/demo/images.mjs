/**
 * Builds container images from files of this machine, without a registry: a tar is written on the fly and imported by the
 * engine over its own HTTP API, so that no `docker` command is needed. The demo uses this, and the tests do.
 *
 * A tag that exists is never overwritten and never taken for ours: the caller is told so. Only images that this module
 * made, and that still carry the id it was given, are removed again.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { ask, findEngine, problemOf } from './images/engine.mjs'
import { BASE_FILES, filesOfFolder, filesOfProgram, findProgram } from './images/machine-files.mjs'
import { tarOf } from './images/tar.mjs'

export { BASE_FILES, filesOfFolder, filesOfProgram, findEngine, findProgram }

const OUR_LABEL = 'dev.muster.demo'
const PROGRAMS_IN_IMAGE = '/opt/pytechco'
const MAX_APPLETS = 500

/**
 * Makes an image of `files` (see tarOf) under `tag` (`name:version`). Answers `{ kind: 'made', tag, id }`, or
 * `{ kind: 'exists', tag, id }` when the tag is there already, which is then left as it is. Throws an Error that says
 * what the engine or the machine refused.
 */
export async function buildImage({ engine, tag, files, entrypoint, cmd, env = {}, workDir }) {
  const before = await findImage(engine, tag)
  if (before !== undefined) return { kind: 'exists', tag, id: before }

  const changes = [
    ...(entrypoint === undefined ? [] : [`ENTRYPOINT ${JSON.stringify(entrypoint)}`]),
    ...(cmd === undefined ? [] : [`CMD ${JSON.stringify(cmd)}`]),
    ...(workDir === undefined ? [] : [`WORKDIR ${workDir}`]),
    ...Object.entries(env).map(([name, value]) => `ENV ${name}=${quoted(value)}`),
    `LABEL ${OUR_LABEL}=${JSON.stringify(tag)}`,
  ]
  const query = new URLSearchParams({ fromSrc: '-' })
  for (const change of changes) query.append('changes', change)
  const answer = await ask(engine, 'POST', `/images/create?${query}`, tarOf([...BASE_FILES, ...files]))
  const id = /"status":\s*"(sha256:[0-9a-f]{64})"/.exec(answer.body)?.[1]
  if (answer.status !== 200 || id === undefined)
    throw new Error(`the image ${tag} cannot be imported into ${engine.name}: ${problemOf(answer)}`)
  return giveName(engine, tag, id)
}

/** The tag is looked for again, since the import took its time and somebody may have made one under that name. */
async function giveName(engine, tag, id) {
  const meanwhile = await findImage(engine, tag)
  if (meanwhile !== undefined) {
    if (meanwhile !== id) await ask(engine, 'DELETE', `/images/${id}`)
    return { kind: 'exists', tag, id: meanwhile }
  }
  const { name, version } = splitTag(tag)
  const answer = await ask(engine, 'POST', `/images/${id}/tag?${new URLSearchParams({ repo: name, tag: version })}`)
  if (answer.status !== 201)
    throw new Error(`the image ${id} cannot be tagged ${tag} in ${engine.name}: ${problemOf(answer)}`)
  return { kind: 'made', tag, id }
}

/**
 * Makes an image with its own entrypoint out of one that is there (`from`, an id), in no time since the files are shared.
 * Answers as buildImage does.
 */
export async function deriveImage({ engine, tag, from, entrypoint, cmd }) {
  const before = await findImage(engine, tag)
  if (before !== undefined) return { kind: 'exists', tag, id: before }
  const created = await ask(engine, 'POST', '/containers/create', {
    Image: from,
    Entrypoint: entrypoint,
    Cmd: cmd ?? [],
  })
  if (created.status !== 201)
    throw new Error(`no image can be derived from ${from} in ${engine.name}: ${problemOf(created)}`)
  const container = JSON.parse(created.body).Id
  try {
    const query = new URLSearchParams({ container, comment: 'made by the demo of Muster' })
    query.append('changes', `ENTRYPOINT ${JSON.stringify(entrypoint)}`)
    query.append('changes', `CMD ${JSON.stringify(cmd ?? [])}`)
    query.append('changes', `LABEL ${OUR_LABEL}=${JSON.stringify(tag)}`)
    const committed = await ask(engine, 'POST', `/commit?${query}`)
    if (committed.status !== 201)
      throw new Error(`the image ${tag} cannot be made in ${engine.name}: ${problemOf(committed)}`)
    return await giveName(engine, tag, JSON.parse(committed.body).Id)
  } finally {
    await ask(engine, 'DELETE', `/containers/${container}?force=true`)
  }
}

/** The id of the image under that tag, or undefined. */
export async function findImage(engine, tag) {
  const answer = await ask(engine, 'GET', `/images/${encodePath(tag)}/json`)
  if (answer.status === 404) return undefined
  if (answer.status !== 200)
    throw new Error(`${engine.name} cannot say whether the image ${tag} exists: ${problemOf(answer)}`)
  return JSON.parse(answer.body).Id
}

/**
 * Removes images as buildImage answered them (`{ tag, id }`). One that is gone, or that is another one by now, is left.
 * Answers one line for each that could not be removed.
 */
export async function removeImages({ engine, images }) {
  const problems = []
  for (const { tag, id } of images.toReversed()) {
    if ((await findImage(engine, tag)) !== id) continue
    const answer = await ask(engine, 'DELETE', `/images/${encodePath(tag)}?force=true`)
    if (answer.status !== 200 && answer.status !== 404)
      problems.push(`the image ${tag} cannot be removed: ${problemOf(answer)}`)
  }
  return problems
}

/** Kills and removes every container that was made from one of these images. Answers how many. */
export async function removeContainersOf({ engine, images }) {
  let removed = 0
  for (const { id } of await listContainersOf({ engine, images })) {
    const gone = await ask(engine, 'DELETE', `/containers/${id}?force=true&v=true`)
    if (gone.status === 204) removed += 1
  }
  return removed
}

/** The containers, ended ones too, that were made from one of these images: `{ id, name, isRunning }`. */
export async function listContainersOf({ engine, images }) {
  if (images.length === 0) return []
  const filters = JSON.stringify({ ancestor: images.map(({ id }) => id) })
  const answer = await ask(engine, 'GET', `/containers/json?${new URLSearchParams({ all: 'true', filters })}`)
  if (answer.status !== 200) throw new Error(`${engine.name} cannot list its containers: ${problemOf(answer)}`)
  return JSON.parse(answer.body).map(({ Id: id, Names: names, State: state }) => ({
    id,
    name: names?.[0]?.slice(1) ?? id.slice(0, 12),
    isRunning: state === 'running',
  }))
}

/**
 * The tutorial's four images under the given names: `tags` is `{ redis, web, setup, employee }`, `programsDir` the folder
 * of the demo's programs. `onImage` hears of each result as it comes (also of those before a failure). Answers
 * `{ redisKind: 'redis-server' | 'stand-in', results }`.
 */
export async function buildTutorialImages({ engine, tags, programsDir, onImage = () => {} }) {
  const results = []
  const note = result => {
    results.push(result)
    onImage(result)
    return result
  }
  const node = process.execPath
  const program = name => [node, `${PROGRAMS_IN_IMAGE}/${name}.mjs`]
  const nodeFiles = [...(await filesOfProgram(node)), ...(await filesOfFolder(programsDir, PROGRAMS_IN_IMAGE))]
  const web = note(await buildImage({ engine, tag: tags.web, files: nodeFiles, entrypoint: program('web'), cmd: [] }))
  for (const name of ['setup', 'employee']) {
    const image =
      web.kind === 'made'
        ? deriveImage({ engine, tag: tags[name], from: web.id, entrypoint: program(name) })
        : buildImage({ engine, tag: tags[name], files: nodeFiles, entrypoint: program(name), cmd: [] })
    note(await image)
  }
  const redis = await findProgram('redis-server')
  if (redis !== undefined) {
    const files = [
      ...(await filesOfProgram(redis)),
      { path: '/etc/redis.conf', from: join(programsDir, 'redis.conf'), mode: 0o644 },
    ]
    note(await buildImage({ engine, tag: tags.redis, files, entrypoint: [redis, '/etc/redis.conf'], cmd: [] }))
  } else if (web.kind === 'made') {
    note(await deriveImage({ engine, tag: tags.redis, from: web.id, entrypoint: program('redis-stand-in') }))
  } else {
    note(
      await buildImage({ engine, tag: tags.redis, files: nodeFiles, entrypoint: program('redis-stand-in'), cmd: [] }),
    )
  }
  return { redisKind: redis === undefined ? 'stand-in' : 'redis-server', results }
}

/** Busybox as /bin/busybox with its applets as links beside it, from the static binary of this machine; undefined where there is none. */
export async function busyboxFiles() {
  const busybox = await findProgram('busybox')
  if (busybox === undefined) return undefined
  const listing = await new Promise((resolve, reject) => {
    execFile(busybox, ['--list'], (error, stdout) => (error === null ? resolve(stdout) : reject(error)))
  })
  const applets = listing
    .split('\n')
    .filter(name => /^[A-Za-z0-9_[-]+$/.test(name) && name !== 'busybox')
    .slice(0, MAX_APPLETS)
  const program = await filesOfProgram(busybox)
  const libraries = program.slice(1)
  return [
    { path: '/bin/busybox', from: busybox },
    ...libraries,
    ...applets.map(name => ({ path: `/bin/${name}`, linkTo: 'busybox' })),
  ]
}

/** A value as the engine's ENV instruction takes it in double quotes: `$` would be read as a variable. */
function quoted(value) {
  if (/[\r\n]/.test(value)) throw new Error('an environment value of an image cannot hold a line break')
  return `"${value.replaceAll(/["\\$]/g, '\\$&')}"`
}

const encodePath = tag => tag.split('/').map(encodeURIComponent).join('/')

function splitTag(tag) {
  const match = /^(.+):([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})$/.exec(tag)
  if (match === null) throw new Error(`"${tag}" is no name of an image; it must look like name:version`)
  return { name: match[1], version: match[2] }
}
