import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { StepFailed } from './shell.mjs'
import { createWebPage, renderCompany } from './web-page.mjs'

const EMPLOYEE_TIMEOUT_MS = 20_000
/** A working day is at most nine seconds, so after this nobody of the first employees is online any more. */
const CHANGE_TIMEOUT_MS = 30_000
const WATCH_MS = 3_000
const GONE_TIMEOUT_MS = 20_000
const POLL_MS = 200
const SALES = 'sales_engineer'

const MONITORED = [/Monitoring evaluation "/, /finished with status "complete"/]
const DEPLOYED = [...MONITORED, /Deployment "[0-9a-f]+" successful/]

/**
 * Plays the tutorial up to the point where only sales engineers come online, everything still running. `step(name, act)`
 * records what is done; `print` shows text. Answers the web page.
 */
export async function playTutorial({ shell, step, print, jobsDir, webPort, signal }) {
  await step('run redis', () => shell.run('muster job run pytechco-redis.nomad.hcl', { expects: DEPLOYED }))
  await step('run the web page', () => shell.run('muster job run pytechco-web.nomad.hcl', { expects: DEPLOYED }))
  const url = await step('find the web page', () => findPage(shell, webPort))
  const page = createWebPage(url, signal)
  await step('reach the web page and its database', () =>
    page.waitFor('a database', ({ isConnected }) => isConnected, EMPLOYEE_TIMEOUT_MS),
  )

  await step('run setup', () =>
    shell.run('muster job run pytechco-setup.nomad.hcl', { expects: [/Job registration successful/] }),
  )
  await step('dispatch setup with a budget of 200', () => dispatch({ shell, page, budget: 200, least: 1 }))
  await step('run employees every 3 s', () => runEmployees(shell, 'pytechco-employee.nomad.hcl'))
  await step('see employees come online', async () => {
    const company = await page.waitFor('an employee', ({ employees }) => employees.length > 0, EMPLOYEE_TIMEOUT_MS)
    print(`\n${page.url} shows:\n${renderCompany(company)}\n`)
    await shell.run('muster job status pytechco-employee', { expects: [/pytechco-employee\/periodic-\d+/] })
  })
  await step('stop the employees', () => shell.run('muster job stop -purge pytechco-employee'))

  await step('dispatch setup with a budget of 500', () => dispatch({ shell, page, budget: 500, least: 201 }))
  await step('run sales engineers every second', async () => {
    print(`\n${await describeEdit(jobsDir)}\n`)
    await runEmployees(shell, 'pytechco-employee-sales.nomad.hcl')
  })
  await step('see that only sales engineers come', () => seeOnlySales(page, print))
  return page
}

/** Stops and purges everything, and waits until nothing of it runs; `listRunning` answers a line for each task that does. */
export async function stopTutorial({ shell, step, page, listRunning, signal }) {
  await step('stop and purge everything', async () => {
    await shell.run('muster job stop -purge -children pytechco-employee')
    await shell.run('muster job stop -purge pytechco-web', { expects: MONITORED })
    await shell.run('muster job stop -purge pytechco-redis', { expects: MONITORED })
    await shell.run('muster job stop -purge -children pytechco-setup')
  })
  await step('see that nothing is left running', async () => {
    const deadline = Date.now() + GONE_TIMEOUT_MS
    for (;;) {
      const running = await listLeft({ shell, page, listRunning })
      if (running.length === 0) break
      if (Date.now() > deadline) {
        throw new StepFailed(`something is left ${GONE_TIMEOUT_MS / 1_000} s after the stop`, running.join('\n'))
      }
      await setTimeout(POLL_MS, undefined, { signal })
    }
    await shell.run('muster job status')
  })
}

/** A line for each task that runs, the page if it answers, and each job that is not dead. */
async function listLeft({ shell, page, listRunning }) {
  const status = await shell.run('muster job status', { isQuiet: true })
  const jobs = status.split('\n').filter(line => /^pytechco\S*\s.*\b(running|pending)\b/.test(line))
  return [...(await listRunning()), ...((await page.isGone()) ? [] : [`the web page ${page.url}`]), ...jobs]
}

/** The tutorial's own pipeline, which finds the address of the node that runs the page. */
async function findPage(shell, webPort) {
  const output = await shell.run(
    `muster node status -verbose \\
  $(muster job allocs pytechco-web | grep -i running | awk '{print $2}') | \\
  grep -i ip-address | awk -F "=" '{print $2}' | xargs | \\
  awk '{print "http://"$1":${webPort}"}'`,
    { expects: [/^http:\/\/[0-9.]+:\d+$/m] },
  )
  return /^http:\/\/[0-9.]+:\d+$/m.exec(output)[0]
}

async function dispatch({ shell, page, budget, least }) {
  const expects = [/Dispatched Job ID\s+= pytechco-setup\/dispatch-\d+-[0-9a-f]{8}/, /Evaluation ID\s+= /, ...MONITORED]
  await shell.run(`muster job dispatch -meta budget="${budget}" pytechco-setup`, { expects })
  await page.waitFor(
    `a budget of ${budget}`,
    company => company.budget >= least && company.budget <= budget,
    EMPLOYEE_TIMEOUT_MS,
  )
}

function runEmployees(shell, file) {
  return shell.run(`muster job run ${file}`, {
    expects: [/Job registration successful/, /Approximate next launch time: /],
  })
}

/** The lines in which the second employee file differs from the first, comments aside. */
async function describeEdit(jobsDir) {
  const read = async name =>
    (await readFile(join(jobsDir, name), 'utf8')).split('\n').filter(line => !line.startsWith('#'))
  const [before, after] = [await read('pytechco-employee.nomad.hcl'), await read('pytechco-employee-sales.nomad.hcl')]
  const lines = [
    ...before.filter(line => !after.includes(line)).map(line => `- ${line.trim()}`),
    ...after.filter(line => !before.includes(line)).map(line => `+ ${line.trim()}`),
  ]
  return `The employee job is edited (pytechco-employee-sales.nomad.hcl):\n${lines.join('\n')}`
}

async function seeOnlySales(page, print) {
  const isSales = ({ employees }) => employees.length > 1 && employees.every(({ type }) => type === SALES)
  await page.waitFor(`${SALES}s and nobody else`, isSales, CHANGE_TIMEOUT_MS)
  let most
  await page.watch(WATCH_MS, company => {
    const other = company.employees.find(({ type }) => type !== SALES)
    if (other !== undefined) throw new StepFailed(`a ${other.type} came online, although the job says ${SALES}`)
    if (most === undefined || company.employees.length >= most.employees.length) most = company
  })
  print(`\n${page.url} shows:\n${renderCompany(most)}\n`)
}
