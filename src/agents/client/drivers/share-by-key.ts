/** Lets everybody who asks for the same key at the same time have the one answer of whoever asked first. */
export const shareByKey = <T>(): ((key: string, run: () => Promise<T>) => Promise<T>) => {
  const running = new Map<string, Promise<T>>()
  return (key, run) => {
    const shared = running.get(key) ?? run().finally(() => running.delete(key))
    running.set(key, shared)
    return shared
  }
}
