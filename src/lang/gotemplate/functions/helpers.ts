import type { FunctionTable } from '../template-function.ts'
import { collectionFunctions } from './collections.ts'
import { encodingFunctions } from './encoding.ts'
import { numberFunctions } from './numbers.ts'
import { textFunctions } from './text.ts'
import { timestampFunction } from './timestamp.ts'

/**
 * The functions that consul-template adds to Go's and that need nothing from outside but the time: `now` gives epoch
 * milliseconds.
 */
export const helperFunctions = (now: () => number): FunctionTable =>
  new Map([
    ...Object.entries(collectionFunctions),
    ...Object.entries(encodingFunctions),
    ...Object.entries(numberFunctions),
    ...Object.entries(textFunctions),
    ['timestamp', timestampFunction(now)] as const,
  ])
