import { readFile } from 'node:fs/promises'
import { outputBase, outputNumbers } from '../../src/agents/client/drivers/output-files.ts'

/** All that the numbered files beginning with `firstPath` hold, in order. */
export const readOutput = async (firstPath: string): Promise<string> => {
  const base = outputBase(firstPath)
  const numbers = await outputNumbers(base)
  const texts = await Promise.all(numbers.map(number => readFile(`${base}.${number}`, 'utf8')))
  return texts.join('')
}
