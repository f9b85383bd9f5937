/**
 * A small server that speaks redis' protocol, for machines where redis-server is not installed. It keeps strings and
 * hashes with expiry in memory, and knows just the commands of the table below; it is no replacement for redis.
 *
 *   redis-stand-in.mjs [--port 6379] [--bind 0.0.0.0]
 */
import { createServer } from 'node:net'
import { createRespReader, encodeReply, RedisError } from './resp.mjs'
import { createDatabase } from './stand-in-database.mjs'

const MAX_CLIENTS = 500
/** A client that does not read its replies is cut off at this many unsent bytes. */
const MAX_UNSENT_BYTES = 4 * 1024 * 1024
const SWEEP_EVERY_MS = 1_000

const { port, bind } = readOptions(process.argv.slice(2))
const database = createDatabase(Date.now)
const sockets = new Set()

const server = createServer(socket => {
  sockets.add(socket)
  socket.setNoDelay(true)
  const reader = createRespReader()
  socket.on('error', () => socket.destroy())
  socket.on('close', () => sockets.delete(socket))
  socket.on('data', chunk => {
    try {
      for (const words of reader.push(chunk)) socket.write(encodeReply(database.run(words)))
    } catch (error) {
      socket.end(encodeReply(new RedisError(`ERR Protocol error: ${error.message}`)))
    }
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy()
  })
})
server.maxConnections = MAX_CLIENTS
server.on('error', error => {
  console.error(`redis-stand-in: cannot listen on ${bind}:${port}: ${error.message}`)
  process.exit(1)
})
server.listen(port, bind, () => console.log(`redis-stand-in: ready on ${bind}:${server.address().port}`))
const sweeper = setInterval(() => database.sweep(), SWEEP_EVERY_MS)

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    console.log(`redis-stand-in: ${signal}, ending`)
    clearInterval(sweeper)
    server.close()
    for (const socket of sockets) socket.destroy()
  })
}

function readOptions(words) {
  const options = { port: 6_379, bind: '0.0.0.0' }
  for (let index = 0; index < words.length; index += 2) {
    const [flag, value] = [words[index], words[index + 1] ?? '']
    if (flag === '--port' && /^\d{1,5}$/.test(value) && Number(value) <= 65_535) options.port = Number(value)
    else if (flag === '--bind' && value !== '') options.bind = value
    else {
      console.error(`redis-stand-in: "${flag} ${value}" is not understood; known: --port NUMBER, --bind ADDRESS`)
      process.exit(1)
    }
  }
  return options
}
