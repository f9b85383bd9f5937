import type { FlagSpec } from '../lang/goflags/index.ts'

/** Flags of every command that talks to a server. */
export const globalFlags = [
  {
    name: 'address',
    type: 'string',
    placeholder: '<addr>',
    usage: 'Address of the server, http://HOST:PORT. Else MUSTER_ADDR, NOMAD_ADDR, http://127.0.0.1:4646.',
  },
  {
    name: 'region',
    type: 'string',
    placeholder: '<region>',
    usage: 'Refuse to talk to an agent of another region. Else MUSTER_REGION, NOMAD_REGION.',
  },
  {
    name: 'namespace',
    type: 'string',
    placeholder: '<namespace>',
    usage: 'Namespace to look in; lists take * for all. Else MUSTER_NAMESPACE, NOMAD_NAMESPACE, default.',
  },
  {
    name: 'token',
    type: 'string',
    placeholder: '<token>',
    usage: 'Token to authorize requests with. Else MUSTER_TOKEN, NOMAD_TOKEN.',
  },
  { name: 'no-color', type: 'boolean', usage: 'Print without colors. Also MUSTER_CLI_NO_COLOR, NO_COLOR.' },
  {
    name: 'force-color',
    type: 'boolean',
    usage: 'Print with colors although the output is no terminal. Also MUSTER_CLI_FORCE_COLOR.',
  },
] as const satisfies readonly FlagSpec[]
