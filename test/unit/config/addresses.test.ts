import { describe, expect, it } from 'vitest'
import { parseAddress, parsePorts, serverUrl, urlOf } from '../../../src/config/addresses.ts'

describe('an address', () => {
  it.each([
    ['host', { host: 'host', port: 1 }],
    ['10.0.0.1:4646', { host: '10.0.0.1', port: 4646 }],
    ['[::1]:65535', { host: '::1', port: 65_535 }],
    ['fe80::1', { host: 'fe80::1', port: 1 }],
    ['a:65536', null],
    ['a:0', null],
    ['a:b', null],
    ['', null],
    ['a b', null],
    ['a/b', null],
  ])('%j is %j', (text, expected) => {
    expect(parseAddress(text, 1)).toEqual(expected)
  })

  it('of a server is a URL of its API, with the usual port where none is named', () => {
    expect(['a', 'a:5', 'http://a:5/', '::1'].map(serverUrl)).toEqual([
      'http://a:4646',
      'http://a:5',
      'http://a:5',
      'http://[::1]:4646',
    ])
    expect(['https://a', 'a:99999', ''].map(serverUrl)).toEqual([null, null, null])
    expect(urlOf({ host: '::1', port: 5 })).toBe('http://[::1]:5')
  })
})

describe('reserved ports', () => {
  it.each([
    ['', []],
    ['22', [22]],
    ['80, 22,22', [22, 80]],
    ['8500-8502,1', [1, 8500, 8501, 8502]],
    ['65535', [65_535]],
    ['65536', null],
    ['0', null],
    ['9-8', null],
    ['x', null],
  ])('%j are %j', (text, expected) => {
    expect(parsePorts(text)).toEqual(expected)
  })
})
