/** Everything that a command says and hears; tests hand in their own. */
export type CliIo = {
  /** Data. Resolves once it is safe to write more. */
  readonly stdout: (text: string | Uint8Array) => Promise<void>
  /** Messages: errors, hints. */
  readonly stderr: (text: string) => void
  /** All of standard input. Throws REQUEST_TOO_LARGE beyond `maxBytes`. */
  readonly readStdin: (maxBytes: number) => Promise<string>
  /** One line that a person types, empty at the end of input. */
  readonly ask: (question: string) => Promise<string>
  /** True when both ends are a terminal: then it may be asked, and a block on screen may be drawn anew. */
  readonly isInteractive: boolean
  /** Aborted by Ctrl-C once somebody has asked for it; before that Ctrl-C ends the process at once. */
  readonly interruption: () => AbortSignal
  /** The same for Ctrl-C and SIGTERM, whose name is the reason: the process is to end in good order. A second one ends it at once. */
  readonly termination: () => AbortSignal
  /** Calls `handle` on every SIGHUP from now on: a terminal that went, or files to be read again. */
  readonly onHangup: (handle: () => void) => void
  readonly cwd: string
}
