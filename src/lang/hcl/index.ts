/** HCL 2: reading, evaluating and describing faults. Knows the language and nothing of what is written in it. */

export { type Converted, toBool, toNumber, toStringValue } from './convert.ts'
export { convertToType } from './convert-to-type.ts'
export {
  type DecodeContext,
  type Field,
  type Finding,
  type KnownNames,
  report,
  valueOf,
} from './decode-context.ts'
export { arrangeDiagnostics, type Diagnostic, hasErrors, renderDiagnostic } from './diagnostic.ts'
export { type Evaluated, evaluate } from './evaluate.ts'
export type { HclFunction } from './function.ts'
export { standardFunctions } from './functions/registry.ts'
export { type Gate, type GateOptions, type GateVerdict, openGate } from './gate.ts'
export { decodeJson, encodeJson } from './json-text.ts'
export { attributeOf, type JsonEntry, type JsonNode, parseJson } from './json-tree.ts'
export { MAX_SOURCE_BYTES } from './limits.ts'
export { type HclNumber, printNumber } from './number-literal.ts'
export type { Position, Range } from './range.ts'
export { createReader, labelOf, type Reader } from './reader.ts'
export { literalTextOf, type Reference, referencesOf } from './references.ts'
export { type HclExpressionText, type HclFile, parseHcl, parseHclExpression } from './scan.ts'
export { type Budget, createBudget, type RootMeaning, type Scope } from './scope.ts'
export { type SourceText, sourceText } from './source-text.ts'
export { suggest, suggestionHint } from './suggest.ts'
export type { Attribute, Block, Body, Expression, Label, ObjectItem, ObjectKey, TemplatePart } from './syntax.ts'
export { type Json, toJson } from './to-json.ts'
export { type HclType, type ParsedType, parseTypeExpression, renderType } from './type-expression.ts'
export {
  areEqual,
  describeKind,
  type HclObject,
  isList,
  isObject,
  isSet,
  kindOf,
  objectOf,
  propertyOf,
  setOf,
  sortedKeys,
  UNKNOWN,
  type Value,
  type ValueKind,
} from './value.ts'
