/** Preloaded into an agent: when it ends, what V8 has compiled of its bundle is saved beside it. */
'use strict'
const path = require('node:path')

process.once('exit', code => {
  if (code === 0) require(path.join(path.dirname(process.argv[1]), 'agent.cjs')).saveCompiledCode()
})
