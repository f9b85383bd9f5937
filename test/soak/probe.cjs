// Loaded into an agent by the soak (`--require`): writes what only the process itself can measure, the delay of its event
// loop and its heap, to the file that MUSTER_SOAK_PROBE names, and begins anew after each time it was asked by SIGUSR2.
const { writeFileSync, renameSync } = require('node:fs')
const { monitorEventLoopDelay } = require('node:perf_hooks')
const { isMainThread } = require('node:worker_threads')

const path = process.env.MUSTER_SOAK_PROBE
const RESOLUTION_MS = 10
const NS_PER_MS = 1e6

if (isMainThread && path !== undefined && process.argv[2] === 'agent') {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  process.on('SIGUSR2', () => {
    const { heapUsed, external } = process.memoryUsage()
    // The histogram counts whole intervals; what is longer than one is delay.
    const over = value => Math.max(0, value / NS_PER_MS - RESOLUTION_MS)
    const measured = { p50Ms: over(delay.percentile(50)), p99Ms: over(delay.percentile(99)), maxMs: over(delay.max) }
    writeFileSync(`${path}.new`, JSON.stringify({ ...measured, heapUsed, external }))
    renameSync(`${path}.new`, path)
    delay.reset()
  })
}
