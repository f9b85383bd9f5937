/** A fault of a job as a whole. `path` says where: `['group', 'web', 'task', 'server', 'driver']`. */
export type SpecFinding = {
  readonly severity: 'error' | 'warning'
  readonly path: readonly (string | number)[]
  readonly summary: string
  readonly detail: string
}

export type Path = SpecFinding['path']
export type Report = (path: Path, summary: string, detail: string) => void
export type Reports = { readonly error: Report; readonly warn: Report }

export const repeated = (names: readonly string[]): readonly string[] =>
  names.filter((name, index) => names.indexOf(name) !== index)

/** A negative length of time has no meaning anywhere in a job. */
export const checkDurations = ({ error }: Reports, durations: Readonly<Record<string, number>>, path: Path): void => {
  for (const [name, lengthMs] of Object.entries(durations))
    if (lengthMs < 0) error([...path, name], 'Invalid duration', `${name} cannot be negative.`)
}
