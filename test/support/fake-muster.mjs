#!/usr/bin/env node
/**
 * A `muster` that only looks like one, for testing the demo's launcher: its agent keeps a list of jobs, serves a web page
 * that shows employees while their job runs, and starts one real process as "redis". FAKE_WEB_PORT is the page's port;
 * FAKE_FAULT makes it misbehave: job-fails | wrong-employee | hangs | dies.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const [verb = '', ...words] = process.argv.slice(2)
const fault = process.env.FAKE_FAULT ?? ''
const flag = name => words[words.indexOf(name) + 1]

if (verb === 'agent') runAgent()
else await runCommand(verb, words)

function runAgent() {
  const jobs = new Set()
  const dataDir = flag('-data-dir')
  let task
  let employeeType = 'recruiter'
  let budget = null
  let readings = 0
  let page
  console.log('the fake agent starts')
  if (fault === 'dies') process.exit(3)

  const acts = {
    run(name) {
      jobs.add(name.replace('-sales', ''))
      if (name.includes('sales')) {
        employeeType = 'sales_engineer'
        readings = 0
      }
      if (name === 'pytechco-redis') {
        const cwd = join(dataDir, 'alloc', randomUUID())
        mkdirSync(cwd, { recursive: true })
        task = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
          cwd,
          detached: true,
          stdio: 'ignore',
        })
        task.unref()
      }
      if (name === 'pytechco-web') page = createServer(servePage).listen(Number(process.env.FAKE_WEB_PORT), '127.0.0.1')
    },
    stop(name) {
      jobs.delete(name)
      if (name === 'pytechco-redis') process.kill(-task.pid, 'SIGKILL')
      if (name === 'pytechco-web') {
        page.close()
        page.closeAllConnections()
      }
    },
    budget: value => (budget = Number(value)),
    ping() {},
  }
  const servePage = (_request, response) => {
    readings += 1
    if (fault === 'wrong-employee' && readings > 3) employeeType = 'recruiter'
    const employees = jobs.has('pytechco-employee')
      ? ['a', 'b'].map(id => ({ id, type: employeeType, doing: 'working', tasksDone: 1, onlineForS: 2 }))
      : []
    response.end(JSON.stringify({ isConnected: jobs.has('pytechco-redis'), budget, employees }))
  }
  createServer((request, response) => {
    const [, act, argument] = request.url.split('/')
    acts[act](argument)
    response.end(JSON.stringify([...jobs]))
  }).listen(Number(flag('-http-port')), '127.0.0.1')
  process.on('SIGINT', () => process.exit(0))
}

async function runCommand(verb, words) {
  const line = [verb, ...words].join(' ')
  const ask = (act, argument = '') =>
    fetch(`${process.env.MUSTER_ADDR}/${act}/${argument}`).then(answer => answer.json())
  const monitor =
    '==> now: Monitoring evaluation "5b0c2d1e"\n==> now: Evaluation "5b0c2d1e" finished with status "complete"'
  const job = words.at(-1)?.replace('.nomad.hcl', '')

  if (line === 'node status') {
    await ask('ping')
    console.log('ID        Status\nf3a1b2c4  ready')
  } else if (line.startsWith('node status -verbose')) console.log('unique.network.ip-address = 127.0.0.1')
  else if (line.startsWith('job allocs')) console.log('9c1de0aa  f3a1b2c4  ptc-web  0  run  running  1s ago  1s ago')
  else if (line.startsWith('job run')) {
    if (fault === 'job-fails' && job === 'pytechco-web') {
      console.error('Error submitting job: the fake refuses this one')
      process.exit(1)
    }
    if (fault === 'hangs' && job === 'pytechco-web') return setTimeout(() => {}, 600_000)
    await ask('run', job)
    if (/redis|web/.test(job)) console.log(`${monitor}\n  ✓ Deployment "0a9f77c2" successful`)
    else console.log('Job registration successful\nApproximate next launch time: now (1s from now)')
  } else if (line.startsWith('job dispatch')) {
    await ask('budget', /\d+/.exec(line)[0])
    console.log(`Dispatched Job ID = ${job}/dispatch-1678468734-396cfa83\nEvaluation ID     = 53a77034\n\n${monitor}`)
  } else if (line.startsWith('job stop')) {
    await ask('stop', job)
    console.log(monitor)
  } else if (line.startsWith('job status pytechco-employee'))
    console.log('pytechco-employee/periodic-1678468734  running')
  else if (line === 'job status')
    console.log((await ask('ping')).map(name => `${name}  running `).join('\n') || 'No running jobs')
  else throw new Error(`the fake does not know "${line}"`)
}
