const codes = { red: 31, green: 32, yellow: 33 } as const

/** Text in a colour, for terminals that have any. */
export const paint = (text: string, color: keyof typeof codes, hasColor: boolean): string =>
  hasColor ? `\u001b[${codes[color]}m${text}\u001b[0m` : text
