/** Filter expressions over rows, as Nomad's lists take them: the language of go-bexpr without `any`, `all` and `is nil`. */
export {
  type CompiledFilter,
  compileFilter,
  type Filter,
  type FilterField,
  type FilterFields,
} from './compile-filter.ts'
export { type FilterError, MAX_FILTER_DEPTH, MAX_FILTER_LENGTH } from './expression.ts'
