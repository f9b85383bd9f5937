// Runs every kind of test from a clean clone: installs what is missing, builds, starts a Docker engine where it can, and
// ends with `N passed, N failed` alone on a line. Runs before node_modules exists, so it imports nothing but Node.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { provideEngine } from './docker-engine.mjs'

const root = resolve(import.meta.dirname, '..')
const isCi = process.env.CI === 'true'
const scratch = mkdtempSync(join(tmpdir(), 'muster-test-'))
const say = text => process.stdout.write(`==> ${text}\n`)

const run = (command, args, options = {}) => {
  const startedAt = Date.now()
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
  return { isOk: result.status === 0, seconds: ((Date.now() - startedAt) / 1000).toFixed(1) }
}

/** Commands that the tests use and the Debian packages that hold them. */
const systemParts = [
  { command: 'redis-server', package: 'redis-server' },
  { command: 'busybox', package: 'busybox-static' },
  { command: 'dockerd', package: 'docker.io' },
  { command: 'docker-registry', package: 'docker-registry' },
  { command: 'ip', package: 'iproute2' },
  { command: 'strace', package: 'strace' },
  { command: 'faketime', package: 'faketime' },
  { command: 'openssl', package: 'openssl' },
  { command: 'systemd-analyze', package: 'systemd' },
]
const has = command => spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0

const installSystemParts = () => {
  const missing = systemParts.filter(part => !has(part.command))
  if (missing.length === 0) return []
  if (process.getuid?.() === 0 && has('apt-get')) {
    say(`installing ${missing.map(part => part.package).join(', ')}`)
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    run('apt-get', ['update', '-qq'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
    // Daemons that the packages would start are none of ours: policy-rc.d refuses them for the time of the installation.
    run('sh', [
      '-c',
      `test -e /usr/sbin/policy-rc.d || { printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod +x /usr/sbin/policy-rc.d; touch ${scratch}/policy; }`,
    ])
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing.map(part => part.package)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    run('sh', ['-c', `test -e ${scratch}/policy && rm -f /usr/sbin/policy-rc.d`])
  }
  return systemParts.filter(part => !has(part.command))
}

const failures = []
const step = (name, command, args) => {
  const { isOk, seconds } = run(command, args)
  say(`${name}: ${isOk ? 'ok' : 'FAILED'} in ${seconds} s`)
  if (!isOk) failures.push(name)
  return isOk
}

const npx = (...args) => [process.execPath, [join(root, 'node_modules/.bin', args[0]), ...args.slice(1)]]

const finish = (passed, failed) => {
  rmSync(scratch, { recursive: true, force: true })
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exit(failed > 0 || passed === 0 ? 1 : 0)
}

// Kinds named on the command line are run alone, with what the machine has: nothing is installed for them.
const kinds = process.argv.slice(2)
const missing = kinds.length === 0 ? installSystemParts() : systemParts.filter(part => !has(part.command))
for (const part of missing) {
  say(
    `NOT TESTED: what needs ${part.command} (Debian's package ${part.package}), which is not here and could not be installed`,
  )
  if (isCi) failures.push(`missing ${part.command}`)
}
if (
  !existsSync(join(root, 'node_modules/.package-lock.json')) &&
  !step('npm ci', 'npm', ['ci', '--no-audit', '--no-fund'])
)
  finish(0, 1)
let passed = 0
for (const [name, command, args] of [
  ['format', ...npx('biome', 'check')],
  ['lint', ...npx('oxlint', '-c', 'oxlintrc.json', '--type-aware')],
  ['types', ...npx('tsc', '-p', 'tsconfig.json')],
  ['dead code', ...npx('knip')],
  ['build', 'npm', ['run', '--silent', 'build']],
]) {
  if (step(name, command, args)) passed += 1
}
const engine =
  kinds.length === 0 || kinds.includes('contract') || kinds.includes('e2e')
    ? await provideEngine()
    : { kind: 'found', env: {} }
if (engine.kind === 'none') {
  say(`NOT TESTED: what needs a Docker engine, because ${engine.reason}`)
  if (isCi) failures.push('no Docker engine')
} else if (engine.kind === 'started') say('started a Docker engine of our own')
if (!process.env.MUSTER_TEST_EVENTSTORE_URL) {
  say(
    'NOT TESTED: the contract of event stores and outages on a real EventStoreDB, because MUSTER_TEST_EVENTSTORE_URL is not set',
  )
}
const report = join(scratch, 'report.json')
const { seconds } = run(
  process.execPath,
  [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...kinds.flatMap(kind => ['--project', kind]),
  ],
  { env: { ...process.env, ...engine.env } },
)
if (engine.kind === 'started') await engine.stop()
say(`tests: ${seconds} s`)
if (!existsSync(report)) finish(passed, failures.length + 1)
const results = JSON.parse(readFileSync(report, 'utf8'))
const brokenFiles = results.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0)
for (const file of brokenFiles) say(`did not load: ${file.name}`)
if (results.numPendingTests > 0)
  say(`NOT TESTED: ${results.numPendingTests} tests were left out, see their reasons above`)
if (isCi && results.numPendingTests > 0) failures.push(`${results.numPendingTests} tests left out`)
for (const failure of failures) say(`failed: ${failure}`)
finish(passed + results.numPassedTests, failures.length + results.numFailedTests + brokenFiles.length)
