/** The bounds of the language. Each has a test at, below and above it. */

/** A source text may hold this many bytes of UTF-8. */
export const MAX_SOURCE_BYTES = 1_048_576

/** Blocks, brackets, calls and templates may be nested this deep, all together. */
export const MAX_NESTING_DEPTH = 100

/** The tree of one expression may be this high: chains like `1 + 1 + …` and `a.b.c…` make it high without nesting. */
export const MAX_EXPRESSION_HEIGHT = 600

/** One file reports at most this many findings; what follows the last of them is noise. */
export const MAX_DIAGNOSTICS = 50

/** A number literal or a result may have this many decimal digits before the point. */
export const MAX_NUMBER_DIGITS = 512

/** One evaluation may take this many steps; a step is a node evaluated or a value handed to a function. */
export const MAX_EVALUATION_STEPS = 200_000

/** All evaluations that share a budget, as those of one file should, may take this many steps together. */
export const MAX_SHARED_STEPS = 1_000_000

/** A string made by an expression may have this many UTF-16 units. */
export const MAX_STRING_LENGTH = 1_048_576

/** A value may nest this deep, and hold this many values (a string counts once more for every 16 characters). */
export const MAX_VALUE_DEPTH = 128
export const MAX_VALUE_SIZE = 200_000

/** `range` yields at most this many numbers, and a product of sets at most this many members. */
export const MAX_GENERATED_ELEMENTS = 1_024

/** The gate gives one source this long before its worker is ended and the source refused. */
export const GATE_TIMEOUT_MS = 20_000

/** The gate lets this many sources wait for its one worker. */
export const GATE_QUEUE_MAX = 256
