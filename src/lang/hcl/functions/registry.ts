import type { HclFunction } from '../function.ts'
import { collectionFunctions } from './collections.ts'
import { conversionFunctions } from './conversions.ts'
import { encodingFunctions } from './encoding.ts'
import { formatFunctions } from './format.ts'
import { hashFunctions } from './hashes.ts'
import { numberFunctions } from './numbers.ts'
import { refusedFunctions } from './refused.ts'
import { stringFunctions } from './strings.ts'

/** Every function of the language by name, the refused ones included. All are pure: no clock, no chance, no files. */
export const standardFunctions: ReadonlyMap<string, HclFunction> = new Map(
  [
    ...stringFunctions,
    ...formatFunctions,
    ...collectionFunctions,
    ...numberFunctions,
    ...conversionFunctions,
    ...encodingFunctions,
    ...hashFunctions,
    ...refusedFunctions,
  ].map(f => [f.name, f]),
)
