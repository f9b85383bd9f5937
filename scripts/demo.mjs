/**
 * `npm run demo`: plays the whole tutorial on this machine with a dev agent of its own, and leaves nothing behind.
 * Needs nothing but Node, since it runs before the dependencies are installed.
 *
 * MUSTER_BIN names another `muster` to play with (nothing is installed or built then), MUSTER_DEMO_PORT another port of
 * the web page than the job files' 5000; both are there for tests.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { lastLines, startAgent, waitUntilReady } from './demo/agent.mjs'
import { listRunningTasks, tidyUp } from './demo/leftovers.mjs'
import { checkPort, freePort } from './demo/port-holder.mjs'
import { prepare } from './demo/prepare.mjs'
import { commandEnv, createRunFiles, loadState, saveState } from './demo/run-files.mjs'
import { createShell, StepFailed } from './demo/shell.mjs'
import { renderSeconds, renderTable } from './demo/table.mjs'
import { playTutorial, stopTutorial } from './demo/tutorial.mjs'
import { chooseWorkload } from './demo/workload.mjs'

const USAGE = `npm run demo [-- --keep] [-- --driver docker|raw_exec]
npm run demo -- --stop DIRECTORY

  --keep    leave the agent and the tutorial's jobs running at the end
  --stop    tidy up what a run with --keep left
  --driver  how tasks run: docker where an engine answers, else raw_exec, unless this says it`
const WEB_PORT = 5_000
const INTERRUPTED_EXIT = 130
const root = resolve(import.meta.dirname, '..')
const print = text => process.stdout.write(text)

const interruption = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(name, () => {
    if (!interruption.signal.aborted) print(`\n${name}: tidying up, please wait.\n`)
    interruption.abort(new StepFailed(`it was interrupted by ${name}`))
  })
}
process.stdout.on('error', error => interruption.abort(error))
process.exitCode = await main(process.argv.slice(2))

async function main(words) {
  const options = readOptions(words)
  if (options.problem !== undefined) return complain(`${options.problem}\n\n${USAGE}`)
  if (options.help) {
    print(`${USAGE}\n`)
    return 0
  }
  return options.stop === undefined ? playDemo(options) : stopKept(resolve(options.stop))
}

function readOptions(args) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        keep: { type: 'boolean' },
        help: { type: 'boolean' },
        stop: { type: 'string' },
        driver: { type: 'string' },
      },
    })
    if (![undefined, 'docker', 'raw_exec'].includes(values.driver))
      return { problem: `There is no driver "${values.driver}" in the demo.` }
    return values
  } catch (error) {
    return { problem: error.message }
  }
}

function complain(message) {
  process.stderr.write(`${message}\n`)
  return 1
}

async function playDemo(options) {
  const webPort = Number(process.env.MUSTER_DEMO_PORT ?? WEB_PORT)
  const port = await checkPort(webPort)
  if (port.kind === 'taken') {
    const holder = port.holder === undefined ? 'the system does not tell by whom' : `by ${port.holder}`
    return complain(
      `Port ${webPort}, which the tutorial's web page needs, is taken, ${holder}. End that, then run the demo again.`,
    )
  }
  const run = { agentPid: undefined, dir: undefined, engine: undefined, images: [], logPath: undefined }
  const steps = []
  let exitCode = 0
  try {
    await playAll({ run, options, webPort, step: createStep(steps) })
  } catch (error) {
    await explain(error, run, steps)
    exitCode = interruption.signal.aborted ? INTERRUPTED_EXIT : 1
  }
  const isKept = options.keep === true && exitCode === 0
  const isTidy = isKept || (await tidyUpAndSay(run, steps))
  printSteps(steps)
  if (isKept) printNext(run)
  return exitCode === 0 && !isTidy ? 1 : exitCode
}

function createStep(steps) {
  return async (name, act) => {
    const startedAt = performance.now()
    const note = result => steps.push({ name, result, ms: performance.now() - startedAt })
    try {
      interruption.signal.throwIfAborted()
      const answer = await act()
      note('done')
      return answer
    } catch (error) {
      note('failed')
      throw error
    }
  }
}

async function playAll({ run, options, webPort, step }) {
  const { signal } = interruption
  const muster = process.env.MUSTER_BIN ? resolve(process.env.MUSTER_BIN) : join(root, 'bin/muster')
  if (!process.env.MUSTER_BIN) {
    await step('install and build', () =>
      prepare({ root, shell: createShell({ env: process.env, cwd: root, signal, print }) }),
    )
  }
  const files = await createRunFiles(muster)
  Object.assign(run, { dir: files.dir, logPath: files.logPath })
  const workload = await step('choose a driver, make images', () =>
    chooseWorkload({
      demoDir: join(root, 'infra/demo'),
      wanted: options.driver,
      onImages: ({ engine, images }) => Object.assign(run, { engine, images }),
    }),
  )
  print(`${workload.summary}\n`)

  run.apiPort = await freePort()
  const env = commandEnv({ binDir: files.binDir, apiPort: run.apiPort, variables: workload.variables })
  run.env = env
  run.jobsDir = workload.jobsDir
  const shell = createShell({ env, cwd: workload.jobsDir, signal, print })
  await step('start the agent', async () => {
    const args = ['agent', '-dev', '-data-dir', files.dataDir, '-http-port', String(run.apiPort)]
    print(`\n$ muster ${args.join(' ')} &\n`)
    const agent = startAgent({ muster, args, env, cwd: root, logPath: files.logPath })
    run.agentPid = agent.pid
    await saveState(files.dir, { agentPid: agent.pid, engine: run.engine, images: run.images })
    await waitUntilReady({ agent, shell, signal })
  })
  await step('look at the node', () => shell.run('muster node status', { expects: [/\bready\b/] }))

  const page = await playTutorial({ shell, step, print, jobsDir: workload.jobsDir, webPort, signal })
  run.pageUrl = page.url
  if (options.keep) return
  const listRunning = () => listRunningTasks({ dataDir: files.dataDir, engine: workload.engine, images: run.images })
  await stopTutorial({ shell, step, page, listRunning, signal })
}

async function explain(error, run, steps) {
  const failed = steps.findLast(({ result }) => result === 'failed')
  const where = failed === undefined ? 'The demo' : `The step "${failed.name}"`
  process.stderr.write(`\n${where} failed: ${error.message}\n`)
  if (error.output) process.stderr.write(`${error.output.trimEnd()}\n`)
  if (!(error instanceof StepFailed)) process.stderr.write(`${error.stack}\n`)
  if (run.agentPid !== undefined && !interruption.signal.aborted) {
    process.stderr.write(`\nThe agent's last log lines:\n${await lastLines(run.logPath)}\n`)
  }
}

/** Answers whether nothing is left. */
async function tidyUpAndSay(run, steps) {
  if (run.dir === undefined) return true
  const startedAt = performance.now()
  const problems = await tidyUp(run)
  for (const problem of problems) process.stderr.write(`Not tidied up: ${problem}\n`)
  const isTidy = problems.length === 0
  steps.push({ name: 'tidy up', result: isTidy ? 'done' : 'failed', ms: performance.now() - startedAt })
  return isTidy
}

function printSteps(steps) {
  if (steps.length === 0) return
  const rows = steps.map(({ name, result, ms }) => [name, result, renderSeconds(ms)])
  const total = steps.reduce((sum, { ms }) => sum + ms, 0)
  print(`\n${renderTable(['Step', 'Result', 'Took'], [...rows, ['total', '', renderSeconds(total)]])}\n`)
}

function printNext(run) {
  const variables = Object.entries(run.env).filter(([name]) => name.startsWith('NOMAD_VAR_'))
  const exported = [['MUSTER_ADDR', run.env.MUSTER_ADDR], ...variables].map(
    ([name, value]) => `  export ${name}='${value}'`,
  )
  print(`
The agent (pid ${run.agentPid}) and its jobs go on. Look at the page: ${run.pageUrl}
Its log: ${run.logPath}
In another terminal, to try next:

  cd '${run.jobsDir}'
  export PATH="${join(run.dir, 'bin')}:$PATH"
${exported.join('\n')}
  muster job status
  muster job status pytechco-web
  muster job dispatch -meta budget="1000" pytechco-setup
  muster job run pytechco-employee.nomad.hcl

To end it and remove everything it made: npm run demo -- --stop '${run.dir}'
`)
}

async function stopKept(dir) {
  const state = await loadState(dir)
  if (state === undefined) return complain(`${dir} is no directory of a demo that was kept: it has no demo.json.`)
  const problems = await tidyUp({ ...state, dir })
  if (problems.length > 0) return complain(problems.join('\n'))
  print('The agent is ended, and its tasks, images and directory are removed.\n')
  return 0
}
