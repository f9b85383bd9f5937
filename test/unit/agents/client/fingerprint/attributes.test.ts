import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { agentFacts, NOMAD_VERSION } from '../../../../../src/agents/client/fingerprint/agent.ts'
import { coreFacts, parseCpuList } from '../../../../../src/agents/client/fingerprint/cores.ts'
import { hostFacts, hostIdOf } from '../../../../../src/agents/client/fingerprint/host-id.ts'
import { prepareConstraint } from '../../../../../src/domain/scheduler/feasibility/constraint.ts'
import { buildConstraint, buildNode } from '../../../../support/builders.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'muster-cores-'))
})
afterEach(() => rmSync(root, { recursive: true }))

const write = (path: string, text: string): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

describe('an agent', () => {
  const identity = { version: '1.2.3', revision: 'abc', advertised: '10.0.0.1:4646' }

  it('says its version, and which Nomad it is like', () => {
    expect(agentFacts(identity)).toEqual({
      'muster.version': '1.2.3',
      'muster.revision': 'abc',
      'nomad.version': NOMAD_VERSION,
      'nomad.revision': 'abc',
      'nomad.advertise.address': '10.0.0.1:4646',
      'nomad.service_discovery': 'true',
    })
  })

  it('leaves out what it does not know', () => {
    const facts = agentFacts({ ...identity, revision: '', advertised: '' })
    expect(Object.keys(facts)).toEqual(['muster.version', 'nomad.version', 'nomad.service_discovery'])
  })

  it.each([
    ['semver', '>= 1.4.0', true],
    ['version', '>= 1.8, < 3', true],
    ['semver', '> 99.0.0', false],
  ] as const)('is chosen by constraints on its Nomad: %s %s: %s', (operator, wanted, isMet) => {
    const node = buildNode('n1', { attributes: agentFacts(identity) })
    const constraint = prepareConstraint(buildConstraint('${attr.nomad.version}', operator, wanted))
    expect(constraint.isMetBy(node)).toBe(isMet)
  })
})

describe("a machine's id", () => {
  const reading =
    (files: Readonly<Record<string, string>>) =>
    async (path: string): Promise<string> =>
      files[path] ?? Promise.reject(new Error('ENOENT'))

  it('is made of the one that the system keeps, and does not tell it', async () => {
    const machineId = '3d1219c7c4c5404aaa1f6d2a48adfda4'
    const { 'unique.host_id': id = '' } = await hostFacts(reading({ '/etc/machine-id': `${machineId}\n` }))
    expect(id).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    expect(id.replaceAll('-', '')).not.toContain(machineId.slice(0, 8))
    expect(id).toBe(hostIdOf(machineId))
    expect(id).not.toBe(hostIdOf(`${machineId}0`))
  })

  it('is the board’s where the system keeps none, and absent where there is neither', async () => {
    const board = { '/etc/machine-id': '', '/sys/class/dmi/id/product_uuid': 'board\n' }
    expect(await hostFacts(reading(board))).toEqual({ 'unique.host_id': hostIdOf('board') })
    expect(await hostFacts(reading({}))).toEqual({})
  })
})

describe('cores', () => {
  it.each([
    ['0-3,8\n', [0, 1, 2, 3, 8]],
    ['5', [5]],
    ['\n', []],
    ['x', []],
    ['3-1', []],
  ])('of the list %j', (text, cores) => expect(parseCpuList(text)).toEqual(cores))

  it('are told by the memory that they share', async () => {
    write('system/node/node0/cpulist', '0-1,4\n')
    write('system/node/node1/cpulist', '2-3\n')
    write('system/node/online', '0-1\n')
    expect(await coreFacts(() => 0, root)).toEqual({
      'numa.node.count': '2',
      'numa.node0.cores': '0-1,4',
      'numa.node1.cores': '2-3',
    })
  })

  it('are told by their kind where there are two', async () => {
    write('cpu_core/cpus', '0-3\n')
    expect(await coreFacts(() => 0, root)).toEqual({})
    write('cpu_atom/cpus', '4-5\n')
    expect(await coreFacts(core => 3_000 - core * 100, root)).toEqual({
      'cpu.numcores.performance': '4',
      'cpu.numcores.efficiency': '2',
      'cpu.frequency.performance': '3000',
      'cpu.frequency.efficiency': '2600',
    })
  })
})
