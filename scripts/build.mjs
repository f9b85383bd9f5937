/**
 * `npm run build`: bundles the program into dist/. `muster.cjs` is the command line; each command's code is run when it is
 * called, and not before. `agent.cjs`, `operator.cjs`, `config.cjs` (HCL, for files of configuration) and `gotemplate.cjs` are
 * loaded at need; the first loads `agent.bundle.cjs` with the code that V8 has compiled from it. Threads' programs and the
 * API's parsed schema stand beside them, where the bundled code looks for them.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import { parse } from 'graphql'
import { keepCompiledCode } from './build/keep-compiled-code.mjs'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
/** The build appears in one piece: whoever runs the old one meanwhile must not find half of it. */
const fresh = join(root, `dist.${process.pid}`)
const BYTES_PER_KIB = 1_024

/** Packages with machine code, or that look for files of their own beside them. */
const external = ['better-sqlite3', 'hcl2-json-parser', 'ssh2', 'cpu-features']

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

/** The commit that is built, empty outside a checkout. */
function revision() {
  try {
    const options = { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }
    return execFileSync('git', ['rev-parse', 'HEAD'], options).trim()
  } catch {
    return ''
  }
}

const shared = {
  absWorkingDir: root,
  outdir: fresh,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  // Names stay: logs and errors show those of classes and functions. Keeping them beside shortened ones costs more at start.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'linked',
  logLevel: 'warning',
  external,
  define: { MUSTER_VERSION: JSON.stringify(version), MUSTER_REVISION: JSON.stringify(revision()) },
}

/**
 * One CommonJS file: it starts about 20 ms sooner than a module with its chunks, and what is imported at need inside it is
 * run when it is first asked for.
 */
const commonJs = {
  ...shared,
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  supported: { 'dynamic-import': false },
  define: { ...shared.define, 'import.meta.url': '__fileUrl', 'import.meta.dirname': '__dirname' },
  banner: { js: 'const __fileUrl = require("node:url").pathToFileURL(__filename).href' },
}

/** CommonJS packages inside a module of the new kind still want `require` and the names of their file. */
const requireBanner = `import { createRequire as __createRequire } from 'node:module'
import { fileURLToPath as __fileURLToPath } from 'node:url'
const require = __createRequire(import.meta.url)
const __filename = __fileURLToPath(import.meta.url)
const __dirname = __fileURLToPath(new URL('.', import.meta.url))`

/** What the command line loads at need stays a file of its own: the agent, what works on its log, the template language. */
const loadedAtNeed = {
  name: 'loaded-at-need',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/(agent|operator)\.ts$/ }, ({ path }) => ({
      path: path.replace('.ts', '.cjs'),
      external: true,
    }))
    onResolve({ filter: /\/lang\/gotemplate\/index\.ts$/ }, () => ({ path: './gotemplate.cjs', external: true }))
    onResolve({ filter: /\/config\/load\.ts$/ }, () => ({ path: './config.cjs', external: true }))
  },
}

/**
 * What packages load whoever uses it or not, and an agent hardly ever does: gRPC for dockerode's BuildKit sessions, ssh2 for
 * engines behind ssh, static files for mercurius' own page, TLS and HTTP/2 for fastify and ws. Together this is half of what
 * an agent would load; it is loaded at its first use instead.
 */
const seldomUsed =
  /^(@grpc\/grpc-js|@grpc\/proto-loader|protobufjs|ssh2|luxon|@fastify\/static|(node:)?(https|http2|tls))$/

const loadedAtFirstUse = {
  name: 'loaded-at-first-use',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: seldomUsed }, ({ path, namespace }) => {
      if (namespace === 'at-first-use') return { path, external: true }
      return { path, namespace: 'at-first-use' }
    })
    onLoad({ filter: /.*/, namespace: 'at-first-use' }, ({ path }) => ({
      contents:
        path === 'ssh2'
          ? `const load = require; exports.Client = function (...args) { return new (load('ssh2').Client)(...args) }`
          : `const load = require; module.exports = new Proxy({}, { get: (_, name) => load(${JSON.stringify(path)})[name] })`,
      loader: 'js',
    }))
  },
}

/** load-agent.cjs reads bytes as characters. esbuild escapes whatever is none, but in regular expressions. */
function checkAscii(path) {
  const [found] = readFileSync(path, 'utf8').match(/[^\n]{0,60}[^\0-\x7f]/) ?? []
  if (found !== undefined) throw new Error(`${path} is not ASCII, write an escape in: ${found}`)
}

/** The schema as src/api/graphql/load-schema.ts would parse it at every start. */
function parsedSchema() {
  const folder = join(root, 'src/api/graphql/schema')
  const names = readdirSync(folder).filter(name => name.endsWith('.graphql'))
  const texts = names.toSorted().map(name => readFileSync(join(folder, name), 'utf8'))
  return parse(texts.join('\n'), { noLocation: true })
}

async function bundle() {
  const cli = build({ ...commonJs, entryPoints: { muster: 'src/main/muster.ts' }, plugins: [loadedAtNeed] })
  const config = build({ ...commonJs, entryPoints: { config: 'src/config/load.ts' } })
  const templates = build({ ...commonJs, entryPoints: { gotemplate: 'src/lang/gotemplate/index.ts' } })
  const agent = build({
    ...commonJs,
    entryPoints: { 'agent.bundle': 'src/main/agent.ts' },
    plugins: [loadedAtFirstUse],
  })
  const operator = build({
    ...commonJs,
    entryPoints: { operator: 'src/main/operator.ts' },
    plugins: [loadedAtFirstUse],
  })
  const threads = build({
    ...shared,
    entryPoints: { 'sqlite.worker': 'src/eventstore/sqlite.worker.js' },
    banner: { js: requireBanner },
  })
  const gate = build({
    ...shared,
    entryPoints: { 'gate.worker': 'src/lang/hcl/gate.worker.mjs' },
    outExtension: { '.js': '.mjs' },
    banner: { js: requireBanner },
  })
  await Promise.all([cli, config, templates, agent, operator, threads, gate])
  checkAscii(join(fresh, 'agent.bundle.cjs'))
  writeFileSync(join(fresh, 'schema.json'), JSON.stringify(parsedSchema()))
  copyFileSync(join(root, 'src/main/load-agent.cjs'), join(fresh, 'agent.cjs'))
}

/** Puts the new build where the old one was. */
function swap() {
  const old = `${fresh}.old`
  try {
    renameSync(dist, old)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
  renameSync(fresh, dist)
  rmSync(old, { recursive: true, force: true })
}

function printSizes() {
  const files = readdirSync(dist, { withFileTypes: true, recursive: true })
    .filter(entry => entry.isFile())
    .map(entry => ({
      name: join(entry.parentPath, entry.name).slice(dist.length + 1),
      folder: entry.parentPath,
      entry,
    }))
    .map(({ name, folder, entry }) => ({ name, size: statSync(join(folder, entry.name)).size }))
  const programs = files.filter(({ name }) => /\.[cm]?js$/.test(name))
  for (const { name, size } of programs)
    console.log(`${(size / BYTES_PER_KIB).toFixed(1).padStart(9)} KiB  dist/${name}`)
}

try {
  await bundle()
  await keepCompiledCode(fresh)
  swap()
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
printSizes()
