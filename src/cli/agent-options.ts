/** What `muster agent` was asked for. Null: not said, the agent decides. */
export type AgentOptions = {
  readonly isDev: boolean
  readonly dataDir: string | null
  /** The address that the API listens on. */
  readonly bindAddress: string | null
  readonly httpPort: number | null
  /** The interface whose first IPv4 address workloads are reached at. */
  readonly networkInterface: string | null
  readonly region: string | null
  readonly datacenter: string | null
  readonly nodeName: string | null
  readonly nodeClass: string | null
  readonly nodePool: string | null
  readonly meta: Readonly<Record<string, string>>
  readonly logLevel: 'trace' | 'debug' | 'info' | 'warn' | 'error'
}
