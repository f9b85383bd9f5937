import type { HclFunction } from '../function.ts'

const files = 'files are not read when a job is registered; use a heredoc, a variable or an artifact'
const chance = 'the same file must always mean the same job; pass the value in as a variable'
const later = 'it is not offered yet'

const reasons: Readonly<Record<string, string>> = {
  abspath: files,
  basename: files,
  dirname: files,
  file: files,
  filebase64: files,
  fileexists: files,
  fileset: files,
  pathexpand: files,
  templatefile: files,
  uuidv4: chance,
  bcrypt: chance,
  timestamp: chance,
  rsadecrypt: 'private keys do not belong into job files',
  formatdate: later,
  timeadd: later,
  cidrhost: later,
  cidrnetmask: later,
  cidrsubnet: later,
  cidrsubnets: later,
  csvdecode: later,
  yamldecode: later,
  yamlencode: later,
}

/** Functions that a reader may know from elsewhere and cannot use here, each with the reason. */
export const refusedFunctions: readonly HclFunction[] = Object.entries(reasons).map(([name, reason]) => ({
  kind: 'refused',
  name,
  reason,
}))
