import { describe, expect, it } from 'vitest'
import {
  booleanOption,
  checkOptions,
  mapOption,
  numberOption,
  type OptionTable,
  stringOption,
  stringsOption,
} from '../../../../../src/agents/client/drivers/task-config.ts'

const table: OptionTable = {
  image: 'string',
  count: 'number',
  init: 'boolean',
  args: 'strings',
  entrypoint: 'string or strings',
  labels: 'map',
  privileged: 'unsupported',
}

describe('checkOptions', () => {
  it('has nothing to say about options of the right shape', () => {
    const config = { image: 'a', count: 1, init: true, args: ['x'], entrypoint: 'sh', labels: [{ a: 'b' }] }
    expect(checkOptions('test', table, config)).toEqual([])
  })

  it('takes a value of another type that says the same, as Nomad does', () => {
    const config = { image: 7, count: '1', init: 'true', args: ['-p', 5000, true], entrypoint: 3 }
    expect(checkOptions('test', table, config)).toEqual([])
    expect(stringOption(config, 'image')).toBe('7')
    expect(numberOption(config, 'count')).toBe(1)
    expect(booleanOption(config, 'init')).toBe(true)
    expect(booleanOption({ init: 'false' }, 'init')).toBe(false)
    expect(stringsOption(config, 'args')).toEqual(['-p', '5000', 'true'])
    expect(stringsOption(config, 'entrypoint')).toEqual(['3'])
  })

  it('names an option that no driver has', () => {
    expect(checkOptions('test', table, { imgae: 'a' })).toEqual(['test has no option "imgae"'])
  })

  it('takes the names of an object prototype for unknown options', () => {
    expect(checkOptions('test', table, { constructor: 'a' })).toEqual(['test has no option "constructor"'])
  })

  it('names an option that is known and not there yet', () => {
    expect(checkOptions('test', table, { privileged: true })).toEqual(['test option "privileged" is not supported yet'])
  })

  it.each([
    [{ image: ['a'] }, 'test option "image" must be a string'],
    [{ count: 'one' }, 'test option "count" must be a number'],
    [{ count: '' }, 'test option "count" must be a number'],
    [{ count: true }, 'test option "count" must be a number'],
    [{ init: 'yes' }, 'test option "init" must be true or false'],
    [{ args: ['a', ['b']] }, 'test option "args" must be a list of strings'],
    [{ entrypoint: { a: 'b' } }, 'test option "entrypoint" must be a string or a list of strings'],
    [{ labels: { a: ['b'] } }, 'test option "labels" must be a block of names and values'],
  ])('says what shape %j should have', (config, problem) => {
    expect(checkOptions('test', table, config)).toEqual([problem])
  })

  it('reports every problem at once', () => {
    expect(checkOptions('test', table, { nope: 1, image: [] })).toHaveLength(2)
  })
})

describe('reading options', () => {
  it('reads a single string as a list of one', () => {
    expect(stringsOption({ entrypoint: 'sh' }, 'entrypoint')).toEqual(['sh'])
  })

  it('tells a missing list from an empty one', () => {
    expect([stringsOption({}, 'args'), stringsOption({ args: [] }, 'args')]).toEqual([undefined, []])
  })

  it('lays several blocks over each other', () => {
    expect(mapOption({ labels: [{ a: 'x', b: 1 }, { a: 'y' }] }, 'labels')).toEqual({ a: 'y', b: '1' })
  })
})
