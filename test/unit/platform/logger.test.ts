import { describe, expect, it } from 'vitest'
import { renderLogLine } from '../../../src/platform/log-line.ts'
import { createLogger } from '../../../src/platform/logger.ts'

const collecting = (format: 'json' | 'text') => {
  const lines: string[] = []
  return { lines, logger: createLogger({ level: 'info', format, write: line => void lines.push(line) }) }
}

describe('a logger', () => {
  it('writes one object a line, with the fields of its parents', () => {
    const { lines, logger } = collecting('json')
    logger.child({ component: 'client' }).warn({ nodeId: 'n' }, 'link failed')
    const [line = ''] = lines
    expect(line.endsWith('\n')).toBe(true)
    expect(JSON.parse(line)).toMatchObject({ level: 40, component: 'client', nodeId: 'n', msg: 'link failed' })
  })

  it('writes text for people where it is asked to', () => {
    const { lines, logger } = collecting('text')
    logger.child({ component: 'client' }).info({ nodeId: 'n', reason: 'a "b"\n' }, 'link failed')
    logger.error({}, 'the agent cannot go on')
    expect(lines.map(line => line.replace(/^\S+ /, ''))).toEqual([
      '[INFO]  client: link failed: nodeId=n reason="a \\"b\\"\\n"\n',
      '[ERROR] agent: the agent cannot go on\n',
    ])
    expect(lines[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /)
  })

  it('can be told another level, and so can what was derived from it', () => {
    const { lines, logger } = collecting('json')
    const child = logger.child({})
    child.debug({}, 'one')
    logger.setLevel('debug')
    child.debug({}, 'two')
    logger.setLevel('error')
    child.warn({}, 'three')
    expect(lines.map(line => JSON.parse(line).msg)).toEqual(['two'])
  })

  it('leaves a line that is not its own as it is', () => {
    expect([renderLogLine('no json\n'), renderLogLine('7\n')]).toEqual(['no json\n', '7\n'])
  })
})
