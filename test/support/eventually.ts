const LOOK_AGAIN_MS = 20
const GIVE_UP_MS = 20_000

/** Asks `look` until it answers something, every 20 ms and for 20 s at most; the error names what was waited for. */
export const eventually = async <T>(what: string, look: () => Promise<T | undefined>): Promise<T> => {
  const deadline = performance.now() + GIVE_UP_MS
  for (;;) {
    const found = await look()
    if (found !== undefined) return found
    if (performance.now() > deadline) throw new Error(`waited ${GIVE_UP_MS} ms in vain for ${what}`)
    await new Promise(resolve => {
      setTimeout(resolve, LOOK_AGAIN_MS)
    })
  }
}
