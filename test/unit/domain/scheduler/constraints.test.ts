import { describe, expect, it } from 'vitest'
import type { ConstraintOperator } from '../../../../src/domain/jobspec/schema.ts'
import { matchesGlob } from '../../../../src/domain/scheduler/feasibility/availability.ts'
import { prepareConstraint } from '../../../../src/domain/scheduler/feasibility/constraint.ts'
import { buildConstraint, buildNode } from '../../../support/builders.ts'

const node = buildNode('n1', {
  nodeClass: 'large',
  meta: { rack: 'r1', tags: 'ssd, fast,big' },
  attributes: {
    'kernel.name': 'linux',
    'kernel.version': '5.10.0-rc1',
    'cpu.numcores': '12',
    'driver.docker.version': '20.10.24',
    'unique.hostname': 'n1',
    load: '1.5',
  },
})

type Case = readonly [attribute: string, operator: ConstraintOperator, value: string, isMet: boolean]

const cases: readonly Case[] = [
  ['${attr.kernel.name}', '=', 'linux', true],
  ['${attr.kernel.name}', '=', 'Linux', false],
  ['${attr.missing}', '=', 'linux', false],
  ['${attr.missing}', '=', '${attr.gone}', false],
  ['${attr.kernel.name}', '!=', 'windows', true],
  ['${attr.missing}', '!=', 'windows', true],
  ['${attr.missing}', '!=', '${attr.gone}', false],
  ['${attr.cpu.numcores}', '>', '9', true],
  ['${attr.cpu.numcores}', '>', '9.0', true],
  ['${attr.load}', '<', '1.25', false],
  ['${attr.load}', '<=', '1.50', true],
  ['${attr.kernel.name}', '>=', 'lin', true],
  ['${attr.missing}', '<', '5', false],
  ['${attr.kernel.name}', 'regexp', 'in', true],
  ['${attr.kernel.name}', 'regexp', '^(linux|darwin)$', true],
  ['${attr.kernel.name}', 'regexp', '^in', false],
  ['${attr.kernel.name}', 'regexp', '(', false],
  ['${attr.missing}', 'regexp', '.*', false],
  ['${attr.driver.docker.version}', 'version', '>= 20.10, < 21', true],
  ['${attr.driver.docker.version}', 'version', '~> 20.9', true],
  ['${attr.driver.docker.version}', 'version', '~> 20.9.1', false],
  ['${attr.driver.docker.version}', 'version', '~> 19.10', false],
  ['${attr.kernel.version}', 'version', '>= 5.0', false],
  ['${attr.kernel.version}', 'version', '>= 5.10.0-rc0', true],
  ['${attr.kernel.version}', 'version', '>= 5.9.0-rc0', false],
  ['${attr.kernel.version}', 'semver', '>= 5.0.0', true],
  ['${attr.kernel.version}', 'semver', '>= 5.10.0', false],
  ['${attr.driver.docker.version}', 'semver', '~> 20.9', false],
  ['${attr.kernel.name}', 'version', '>= 1', false],
  ['${attr.driver.docker.version}', 'version', 'nonsense', false],
  ['${meta.tags}', 'set_contains', 'fast,ssd', true],
  ['${meta.tags}', 'set_contains_all', 'fast,slow', false],
  ['${meta.tags}', 'set_contains_any', 'slow , fast', true],
  ['${meta.tags}', 'set_contains_any', 'slow', false],
  ['${meta.none}', 'set_contains', 'fast', false],
  ['${meta.rack}', 'is_set', '', true],
  ['${meta.none}', 'is_set', '', false],
  ['${meta.none}', 'is_not_set', '', true],
  ['${meta.rack}', 'is_not_set', '', false],
  ['${node.datacenter}', '=', 'dc1', true],
  ['${node.class}', '=', 'large', true],
  ['${node.pool}', '=', 'default', true],
  ['${node.unique.name}', '=', 'n1', true],
  ['${node.unique.id}', '=', node.id, true],
  ['dc1', '=', '${node.datacenter}', true],
  ['${node.rack}', '!=', 'r9', false],
  ['${env.HOME}', 'is_not_set', '', false],
  ['${attr.kernel.name', '=', 'linux', false],
  ['${attr.toString}', 'is_set', '', false],
]

describe('a constraint', () => {
  it.each(cases)('%s %s %s is met: %s', (attribute, operator, value, isMet) => {
    expect(prepareConstraint(buildConstraint(attribute, operator, value)).isMetBy(node)).toBe(isMet)
  })

  it('is asked of every node where it reads what is unique to one', () => {
    expect(prepareConstraint(buildConstraint('${node.unique.name}', '=', 'a')).isUnique).toBe(true)
    expect(prepareConstraint(buildConstraint('${attr.unique.hostname}', '=', 'a')).isUnique).toBe(true)
    expect(prepareConstraint(buildConstraint('a', '=', '${meta.unique.x}')).isUnique).toBe(true)
    expect(prepareConstraint(buildConstraint('${attr.nomad.advertise.address}', '=', 'a')).isUnique).toBe(true)
    expect(prepareConstraint(buildConstraint('${attr.kernel.name}', '=', 'a')).isUnique).toBe(false)
  })

  it('is counted as it is written', () => {
    const [refusal] = prepareConstraint(buildConstraint('${attr.kernel.name}', '=', 'linux')).refusals
    expect(refusal?.reason).toBe('${attr.kernel.name} = linux')
    const [set] = prepareConstraint(buildConstraint('${meta.rack}', 'is_set')).refusals
    expect(set?.reason).toBe('${meta.rack} is_set')
  })
})

describe('a datacenter pattern', () => {
  it.each([
    ['*', 'dc1', true],
    ['dc1', 'dc1', true],
    ['dc1', 'dc10', false],
    ['dc*', 'dc10', true],
    ['*-west', 'eu-west', true],
    ['eu-*-?', 'eu-west-2', true],
    ['eu-*-?', 'eu-west-22', false],
    ['', 'dc1', false],
    ['', '', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
  ] as const)('%s against %s: %s', (pattern, text, isMatch) => {
    expect(matchesGlob(pattern, text)).toBe(isMatch)
  })

  it('takes no longer for a hostile pattern', () => {
    expect(matchesGlob('*a'.repeat(100), `${'a'.repeat(10_000)}b`)).toBe(false)
  })
})
