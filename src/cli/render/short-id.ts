const SHORT_LENGTH = 8

/** The start of a UUID, which is enough to name it; all of it for `-verbose`. */
export const shortId = (id: string, isVerbose: boolean): string => (isVerbose ? id : id.slice(0, SHORT_LENGTH))
