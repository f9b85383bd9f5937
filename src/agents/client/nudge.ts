/** Wakes one loop that waits for anything to change. A wake before the wait is not lost; many count as one. */
export type Nudge = { readonly wake: () => void; readonly wait: () => Promise<void> }

export const createNudge = (): Nudge => {
  let isPending = false
  let release: (() => void) | undefined
  return {
    wake: () => {
      isPending = true
      release?.()
      release = undefined
    },
    wait: async () => {
      if (!isPending) {
        await new Promise<void>(resolve => {
          release = resolve
        })
      }
      isPending = false
    },
  }
}
