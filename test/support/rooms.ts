import type { Import } from './source-tree.ts'

/** What a room may import of ours, and whether it may use npm packages and Node. */
export type Room = {
  readonly mayImport: readonly string[]
  readonly mayUsePackages: boolean
  /** What it may import as types alone: nothing of it is loaded. */
  readonly typesOnly?: readonly string[]
}

const port = 'src/eventstore/port.ts'

/** Who may import whom (design §9); `docs/architecture.md` has the same table. A room is the longest entry that a path begins with. */
export const rooms: Readonly<Record<string, Room>> = {
  'src/domain': { mayImport: ['src/lang/regex'], mayUsePackages: false },
  'src/lang': { mayImport: [], mayUsePackages: true },
  'src/platform': { mayImport: [], mayUsePackages: true },
  'src/eventstore': { mayImport: ['src/platform'], mayUsePackages: true },
  'src/config': { mayImport: ['src/lang', 'src/platform'], mayUsePackages: true },
  'src/jobspec': { mayImport: ['src/lang', 'src/domain', 'src/platform'], mayUsePackages: true },
  'src/app': { mayImport: ['src/domain', 'src/jobspec', port, 'src/platform'], mayUsePackages: true },
  'src/logfile': { mayImport: ['src/domain', port, 'src/platform'], mayUsePackages: true },
  'src/projections': { mayImport: ['src/domain', port, 'src/platform'], mayUsePackages: true },
  'src/agents/server': {
    mayImport: ['src/domain', 'src/app', 'src/lang', 'src/projections', 'src/protocol', port, 'src/platform'],
    mayUsePackages: true,
  },
  'src/protocol': { mayImport: ['src/platform'], typesOnly: ['src/domain'], mayUsePackages: true },
  'src/agents/client': { mayImport: ['src/protocol', 'src/domain', 'src/lang', 'src/platform'], mayUsePackages: true },
  'src/api': {
    mayImport: ['src/app', 'src/projections', 'src/protocol', 'src/domain', 'src/platform'],
    mayUsePackages: true,
  },
  'src/cli': {
    mayImport: ['src/protocol', 'src/jobspec', 'src/config', 'src/lang', 'src/logfile', 'src/platform'],
    mayUsePackages: true,
  },
  'src/main': { mayImport: ['src'], mayUsePackages: true },
}

export const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)

export const roomOf = (path: string): string | undefined =>
  Object.keys(rooms)
    .filter(room => isWithin(path, room))
    .toSorted((a, b) => b.length - a.length)[0]

/** Whether a file of `room` may import what it does. */
export const isAllowed = (room: string, found: Import): boolean => {
  const rule = rooms[room]
  if (rule === undefined) return false
  if (found.target === null) return rule.mayUsePackages
  const { target } = found
  if (isWithin(target, room) && roomOf(target) === room) return true
  const reachable = found.isTypeOnly ? [...rule.mayImport, ...(rule.typesOnly ?? [])] : rule.mayImport
  return reachable.some(allowed => isWithin(target, allowed))
}
