import { TemplateFunctionError } from '../template-error.ts'
import { type FunctionTable, fixedArguments, textAt } from '../template-function.ts'

/**
 * `env`, `envOrDefault` and `mustEnv` over one environment, the task's. `lookup` gives a variable's value, undefined
 * for one that is not set; `envOrDefault` takes an empty value as one that is set, `mustEnv` does not.
 */
export const envFunctions = (lookup: (name: string) => string | undefined): FunctionTable =>
  new Map([
    ['env', fixedArguments(1, args => lookup(textAt(args, 0)) ?? '')],
    ['envOrDefault', fixedArguments(2, args => lookup(textAt(args, 0)) ?? textAt(args, 1))],
    [
      'mustEnv',
      fixedArguments(1, args => {
        const name = textAt(args, 0)
        const value = lookup(name) ?? ''
        if (value === '') throw new TemplateFunctionError(`required environment variable ${name} is empty`)
        return value
      }),
    ],
  ])
