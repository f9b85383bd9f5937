import type { StateStore } from './state-store.ts'

/** A store that saves nothing any more once the agent crashed: a dead process does not write, and never hears back. */
export const stateUntilCrash = (state: StateStore, isCrashed: () => boolean): StateStore => {
  const never = new Promise<never>(() => {})
  const guard =
    <A extends readonly unknown[]>(save: (...args: A) => Promise<void>) =>
    (...args: A): Promise<void> =>
      isCrashed() ? never : save(...args)
  return {
    load: state.load,
    saveIdentity: guard(state.saveIdentity),
    saveCheckpoint: guard(state.saveCheckpoint),
    saveReport: guard(state.saveReport),
    saveAllocation: guard(state.saveAllocation),
    saveProgress: guard(state.saveProgress),
    removeAllocation: guard(state.removeAllocation),
  }
}
