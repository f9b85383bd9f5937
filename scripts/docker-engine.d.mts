export type PrivateEngine = {
  readonly socketPath: string
  /** `unix://…`, as DOCKER_HOST has it. */
  readonly endpoint: string
  /** Starts the daemon again after stopDaemon. */
  readonly start: () => Promise<void>
  readonly stopDaemon: (signal: 'SIGTERM' | 'SIGKILL') => Promise<void>
  /** Ends the daemon and removes everything it had. */
  readonly stop: () => Promise<void>
  /** What of it can be found on the machine once it was stopped: processes, mounts, interfaces, rules, control groups, its folder. */
  readonly traces: () => Promise<readonly string[]>
}
export function answersAt(socketPath: string): Promise<boolean>
export function whyNoPrivateEngine(): Promise<string | undefined>
export function startPrivateEngine(options?: {
  readonly isBesideAnother?: boolean
  readonly keepsContainers?: boolean
}): Promise<PrivateEngine>
export function provideEngine(env?: Readonly<Record<string, string | undefined>>): Promise<
  | { readonly kind: 'found'; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'started'; readonly env: Readonly<Record<string, string>>; readonly stop: () => Promise<void> }
  | { readonly kind: 'none'; readonly reason: string }
>
