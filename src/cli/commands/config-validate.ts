import { command as agentValidate } from './agent-validate.ts'

/** Nomad's name for it. */
export const command = { ...agentValidate, usage: 'muster config validate <path> [<path> …]' }
