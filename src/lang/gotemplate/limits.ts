/**
 * What a template may use up. Templates come from users, and a loop in one must not take an agent down: each limit ends
 * the rendering with an error that names it.
 */

/** Length of a template's source, in characters. */
export const MAX_SOURCE_LENGTH = 1_048_576

/** Blocks and parentheses inside one another, in the source. */
export const MAX_NESTING = 250

/** Variables that are in reach in one place of the source. */
export const MAX_VARIABLES = 1_000

/** Length of what a template renders, and of any string on the way there, in characters. */
export const MAX_OUTPUT_LENGTH = 4_194_304

/** Turns of all loops of one rendering together, and elements of a list that `loop` makes. */
export const MAX_LOOP_ITERATIONS = 1_000_000

/** Templates that call one another, `{{template}}` in `{{template}}`. */
export const MAX_TEMPLATE_DEPTH = 100

/**
 * Characters that functions read and make in one rendering, so that short loops over long strings end too. A regular
 * expression counts as often as it has characters.
 */
export const MAX_WORK_CHARACTERS = 100_000_000

/** Lists and maps inside one another, in the data of a template. */
export const MAX_DATA_DEPTH = 100

/** Width and precision in a format such as `%10.3f`; Go has the same bound. */
export const MAX_FORMAT_NUMBER = 1_000_000
