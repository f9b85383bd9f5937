import { describe, expect, it } from 'vitest'
import { interpolateJson } from '../../../../src/agents/client/interpolate.ts'
import { createLookup, interpolate } from '../../../../src/domain/interpolation.ts'

const node = {
  nodeId: 'n-1',
  name: 'alpha',
  datacenter: 'dc1',
  region: 'global',
  nodeClass: 'big',
  nodePool: 'default',
  attributes: { 'kernel.name': 'linux' },
  meta: { rack: 'r7' },
}
const lookup = createLookup({ NOMAD_PORT_http: '8080', GREETING: 'hi ${node.class}' }, node)

describe('interpolation', () => {
  it.each([
    ['http://${attr.kernel.name}:${NOMAD_PORT_http}', 'http://linux:8080'],
    ['${node.unique.id}/${node.unique.name}/${node.datacenter}/${node.class}', 'n-1/alpha/dc1/big'],
    ['${node.region} ${node.pool} ${meta.rack}', 'global default r7'],
    ['${env["NOMAD_PORT_http"]}', '8080'],
    ['${unknown} ${attr.missing} ${meta.toString}', '${unknown} ${attr.missing} ${meta.toString}'],
    ['$${x} $NOMAD_PORT_http ${', '$${x} $NOMAD_PORT_http ${'],
  ])('turns %j into %j', (text, expected) => {
    expect(interpolate(text, lookup)).toBe(expected)
  })

  it('does not read again what it put in', () => {
    expect(interpolate('${GREETING}', lookup)).toBe('hi ${node.class}')
  })

  it('reaches every string of a config, keys too, and leaves other values alone', () => {
    const config = { args: ['-p', '${NOMAD_PORT_http}'], labels: [{ '${meta.rack}': 'x' }], init: true, size: 3 }
    expect(interpolateJson(config, lookup, {})).toEqual({
      args: ['-p', '8080'],
      labels: [{ r7: 'x' }],
      init: true,
      size: 3,
    })
  })

  it('puts opened values in place of sealed ones', () => {
    const config = { auth: { username: 'me', password: { sealed: 'AAAA', digest: 'd1' } } }
    expect(interpolateJson(config, lookup, { d1: 'secret' })).toEqual({ auth: { username: 'me', password: 'secret' } })
  })
})
