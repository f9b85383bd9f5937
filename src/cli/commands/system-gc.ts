import { granted, type Rejection, rejectionFields } from '../answers.ts'
import { defineCommand } from '../command.ts'
import { document } from '../document.ts'
import { EXIT_OK } from '../exit-codes.ts'

export const collectGarbageDocument = document<
  { readonly collectGarbage: { readonly __typename: 'GarbageCollection'; readonly position: number } | Rejection },
  { readonly input: Record<string, never> }
>(`mutation CollectGarbage($input: CollectGarbageInput!) {
  collectGarbage(input: $input) {
    __typename
    ... on GarbageCollection { position }
    ${rejectionFields}
  }
}`)

export const command = defineCommand({
  usage: 'muster system gc',
  description: `Takes what is finished out of the lists now, whatever its age. Nothing is lost of the log. Prints nothing when
that was asked for.`,
  flags: [],
  takes: { min: 0, max: 0 },
  run: async context => {
    granted((await context.api.query(collectGarbageDocument, { input: {} })).collectGarbage)
    return EXIT_OK
  },
})
