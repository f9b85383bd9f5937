/**
 * `npm run build`: bundles the program into dist/. `muster.cjs` is the command line; each command's code is run when it is
 * called, and not before. `agent.js` and `gotemplate.js` are loaded at need. Threads' programs and the API's schema stand beside them,
 * where the bundled code looks for them.
 */
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

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
  minify: true,
  // Names of classes and functions stay what logs and errors call them.
  keepNames: true,
  legalComments: 'linked',
  logLevel: 'warning',
  external,
  define: { MUSTER_VERSION: JSON.stringify(version), MUSTER_REVISION: JSON.stringify(revision()) },
}

/** CommonJS packages inside a module of the new kind still want `require` and the names of their file. */
const requireBanner = `import { createRequire as __createRequire } from 'node:module'
import { fileURLToPath as __fileURLToPath } from 'node:url'
const require = __createRequire(import.meta.url)
const __filename = __fileURLToPath(import.meta.url)
const __dirname = __fileURLToPath(new URL('.', import.meta.url))`

/** What the command line loads at need stays a file of its own: the agent, and the template language for `-t`. */
const loadedAtNeed = {
  name: 'loaded-at-need',
  setup: ({ onResolve }) => {
    onResolve({ filter: /^\.\/agent\.ts$/ }, () => ({ path: './agent.js', external: true }))
    onResolve({ filter: /\/lang\/gotemplate\/index\.ts$/ }, () => ({ path: './gotemplate.js', external: true }))
  },
}

/**
 * dockerode loads gRPC for BuildKit sessions and ssh2 for engines behind ssh, whoever uses them or not: together a third of
 * what an agent loads. They are loaded at their first use instead.
 */
const loadedAtFirstUse = {
  name: 'loaded-at-first-use',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(@grpc\/grpc-js|@grpc\/proto-loader|ssh2|luxon)$/ }, ({ path }) => ({
      path,
      namespace: 'at-first-use',
    }))
    onLoad({ filter: /.*/, namespace: 'at-first-use' }, ({ path }) => ({
      contents:
        path === 'ssh2'
          ? `const load = require; exports.Client = function (...args) { return new (load('ssh2').Client)(...args) }`
          : `const load = require; module.exports = new Proxy({}, { get: (_, name) => load(${JSON.stringify(path)})[name] })`,
      loader: 'js',
    }))
  },
}

async function bundle() {
  // One CommonJS file: it starts about 20 ms sooner than a module with its chunks, and modules inside it are run when first
  // asked for.
  const cli = build({
    ...shared,
    entryPoints: { muster: 'src/main/muster.ts' },
    format: 'cjs',
    outExtension: { '.js': '.cjs' },
    define: { ...shared.define, 'import.meta.url': 'undefined' },
    plugins: [loadedAtNeed],
  })
  const templates = build({ ...shared, entryPoints: { gotemplate: 'src/lang/gotemplate/index.ts' } })
  const agent = build({
    ...shared,
    entryPoints: { agent: 'src/main/agent.ts' },
    banner: { js: requireBanner },
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
  await Promise.all([cli, templates, agent, threads, gate])
  cpSync(join(root, 'src/api/graphql/schema'), join(fresh, 'schema'), { recursive: true })
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
  swap()
} finally {
  rmSync(fresh, { recursive: true, force: true })
}
printSizes()
