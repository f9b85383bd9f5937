/** The whole name of a signal: `usr1` and `USR1` are SIGUSR1. Whether a system has it is another question. */
export const fullSignalName = (name: string): string => {
  const upper = name.toUpperCase()
  return upper.startsWith('SIG') ? upper : `SIG${upper}`
}
