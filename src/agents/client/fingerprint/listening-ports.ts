import { readdir, readFile, readlink } from 'node:fs/promises'
import type { HeldPort } from '../task-context.ts'

/** The state of a socket that listens, in /proc/net/tcp. */
const LISTEN = '0A'

export type ListeningSocket = { readonly port: number; readonly inode: string }

/** The listening sockets in the text of /proc/net/tcp or tcp6. */
export const parseListeningSockets = (text: string): readonly ListeningSocket[] =>
  text
    .split('\n')
    .slice(1)
    .flatMap(line => {
      const fields = line.trim().split(/\s+/)
      const port = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)
      return fields[3] === LISTEN && Number.isInteger(port) ? [{ port, inode: fields[9] ?? '' }] : []
    })

const readSockets = async (): Promise<readonly ListeningSocket[]> => {
  const texts = await Promise.all(
    ['/proc/net/tcp', '/proc/net/tcp6'].map(path => readFile(path, 'utf8').catch(() => '')),
  )
  return texts.flatMap(parseListeningSockets)
}

/** Ports that a process on this machine listens on, ascending, each once. */
export const listeningPorts = async (): Promise<readonly number[]> =>
  [...new Set((await readSockets()).map(({ port }) => port))].sort((a, b) => a - b)

const holdsInode = async (pid: string, inode: string): Promise<boolean> => {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => [])
  for (const descriptor of descriptors) {
    const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '')
    if (target === `socket:[${inode}]`) return true
  }
  return false
}

const UNKNOWN_HOLDER = 'another process'

const holderOf = async (inode: string): Promise<string> => {
  for (const pid of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(pid) || !(await holdsInode(pid, inode))) continue
    const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')
    return `process ${pid}${name === '' ? '' : ` (${name.trim()})`}`
  }
  return UNKNOWN_HOLDER
}

/** Which of these ports are held, and by which process where the system tells. */
export const holdersOfPorts = async (ports: readonly number[]): Promise<readonly HeldPort[]> => {
  const sockets = await readSockets()
  const held: HeldPort[] = []
  for (const port of ports) {
    const socket = sockets.find(candidate => candidate.port === port)
    if (socket !== undefined) held.push({ port, holder: await holderOf(socket.inode) })
  }
  return held
}
