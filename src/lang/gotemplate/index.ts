export { builtinNames } from './builtins.ts'
export type { MissingKey } from './executor.ts'
export { envFunctions } from './functions/env.ts'
export { helperFunctions } from './functions/helpers.ts'
export {
  MAX_SERVICE_QUERY_LENGTH,
  type ServiceDependency,
  type ServiceFunctions,
  type ServiceInstance,
  type ServiceSource,
  serviceFunctions,
} from './functions/services.ts'
export { type Unavailability, unavailableFunctions, whyUnavailable } from './functions/unavailable.ts'
export { type GoMap, type GoStruct, type GoValue, goStruct, goValue } from './go-value.ts'
export * as templateLimits from './limits.ts'
export {
  type ExecuteOptions,
  type FunctionUse,
  type ParsedTemplate,
  parseTemplate,
  type Rendered,
  type Template,
  type TemplateOptions,
} from './template.ts'
export { type TemplateErrorInfo, TemplateFunctionError } from './template-error.ts'
export { type FunctionTable, fixedArguments, type TemplateFunction } from './template-function.ts'
