const reference = /\$(?:\$|\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+))/gu

/**
 * Fills a replacement by Go's rules: `$name` takes as many letters, digits and underscores as there are (`$1x` is the
 * group "1x"), `${name}` ends the name early, `$$` is a dollar sign. A group that is not there is empty; any other `$`
 * stands for itself.
 */
export const expandReplacement = (
  replacement: string,
  groups: readonly (string | undefined)[],
  namedGroups: ReadonlyMap<string, number>,
): string =>
  replacement.replace(reference, (whole, braced?: string, bare?: string) => {
    const name = braced ?? bare
    if (name === undefined) return whole === '$$' ? '$' : whole
    const index = /^\d+$/.test(name) ? Number(name) : namedGroups.get(name)
    return index === undefined ? '' : (groups[index] ?? '')
  })
