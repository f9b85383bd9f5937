export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

export const row = (what: string, figure: string): void => {
  process.stdout.write(`${what.padEnd(64)} ${figure}\n`)
}
