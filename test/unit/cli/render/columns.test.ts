import { describe, expect, it } from 'vitest'
import { renderKeyValues, renderTable } from '../../../../src/cli/render/columns.ts'

describe('a table', () => {
  it('has columns as wide as their widest entry, two spaces apart, and no space at the end of a line', () => {
    expect(
      renderTable([
        ['ID', 'Status', 'Date'],
        ['web', 'dead (stopped)', 'x'],
        ['longer-id', 'ok', 'yy'],
      ]),
    ).toEqual(['ID         Status          Date', 'web        dead (stopped)  x', 'longer-id  ok              yy'])
  })

  it('shows empty entries as <none>', () => {
    expect(
      renderTable([
        ['Class', 'Name'],
        ['', 'n'],
      ]),
    ).toEqual(['Class   Name', '<none>  n'])
  })

  it('counts characters, not UTF-16 units', () => {
    expect(
      renderTable([
        ['🦊', 'b'],
        ['x', 'c'],
      ]),
    ).toEqual(['🦊  b', 'x  c'])
  })
})

describe('keys and values', () => {
  it('have their equals signs below one another', () => {
    expect(
      renderKeyValues([
        ['ID', 'x'],
        ['Job Version', ''],
      ]),
    ).toEqual(['ID          = x', 'Job Version = <none>'])
  })
})
