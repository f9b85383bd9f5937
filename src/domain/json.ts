/** Plain data as it stands in an event: no Date, Map, bigint or undefined. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
