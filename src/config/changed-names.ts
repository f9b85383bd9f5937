const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The places in which two configurations differ, as dotted names: `client.meta.rack`. Values are not told. */
export const changedNames = (before: unknown, after: unknown, path: readonly string[] = []): readonly string[] => {
  if (!isRecord(before) || !isRecord(after))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [path.join('.')]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted()
  return keys.flatMap(key => changedNames(before[key], after[key], [...path, key]))
}
