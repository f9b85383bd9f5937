/** Every bound of reading an agent's configuration (I11). */

/** Bytes of one file. */
export const MAX_CONFIG_BYTES = 1_000_000
/** Files that one agent's configuration is made of. */
export const MAX_CONFIG_FILES = 100
/** Findings of one file that are told. */
export const MAX_CONFIG_FINDINGS = 100
