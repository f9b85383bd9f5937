import type { Network, Port } from '../../domain/jobspec/schema.ts'
import { type Block, createReader, type DecodeContext, labelOf, type Reader } from '../../lang/hcl/index.ts'

const MAX_PORT = 65_535

const portNumber = (reader: Reader, name: string, lowest: number): number => {
  const port = reader.integer(name, 0)
  if (port >= lowest && port <= MAX_PORT) return port
  reader.report({
    summary: 'Invalid port',
    detail: `"${name}" is ${port}; a port is a number from 1 to ${MAX_PORT}.`,
    range: reader.rangeOf(name),
  })
  return 0
}

const decodePort = (block: Block, context: DecodeContext): Port => {
  const label = labelOf(context, block, 'name')
  const reader = createReader(block.body, context)
  const port: Port = {
    label,
    static: portNumber(reader, 'static', 0),
    to: portNumber(reader, 'to', -1),
    hostNetwork: reader.string('host_network', 'default'),
  }
  if (port.hostNetwork !== 'default') {
    reader.report({
      summary: 'Not supported yet',
      detail: `"host_network" is "${port.hostNetwork}", and nodes have only the network "default".`,
      range: reader.rangeOf('host_network'),
    })
  }
  reader.finish({ ignored: { ignore_collision: 'collisions are always looked for' } })
  return port
}

const networkNames = {
  refused: {
    dns: 'the name resolution of tasks cannot be set yet',
    hostname: 'the host name of a network cannot be set yet',
    cni: 'networks of CNI plugins are not supported yet',
  },
  ignored: {
    mbits: 'bandwidth is not accounted for',
    device: 'the node chooses the device',
    cidr: 'the node chooses the address',
    ip: 'the node chooses the address',
  },
}

/** The group's network: its first block; Nomad reads no other. */
export const decodeNetwork = (reader: Reader): Network | null => {
  const block = reader.block('network')
  if (block === undefined) return null
  const inner = createReader(block.body, reader.context)
  const mode = inner.string('mode', 'host')
  if (mode !== 'host') {
    const hint = 'Leave "mode" out: tasks then share the node\'s network, and the docker driver publishes their ports.'
    inner.report({
      summary: 'Not supported yet',
      detail: `The network mode "${mode}" is not supported yet.`,
      hint,
      range: inner.rangeOf('mode'),
    })
  }
  const ports = inner.blocks('port').map(port => decodePort(port, reader.context))
  inner.finish(networkNames)
  return { mode: 'host', ports }
}
