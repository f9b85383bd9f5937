import { type Address, DEFAULT_HTTP_PORT, MAX_PORT } from './agent-config.ts'

const pattern =
  /^(?:\[([0-9a-fA-F:.]+)\]|([^:/?#@\s[\]]+)|([0-9a-fA-F:]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*))(?::(\d{1,5}))?$/

/** `host`, `host:port`, `[::1]:port` or `::1`; null for what is none. */
export const parseAddress = (text: string, otherwisePort: number): Address | null => {
  const match = pattern.exec(text)
  const host = match?.[1] ?? match?.[2] ?? match?.[3]
  if (host === undefined) return null
  const port = match?.[4] === undefined ? otherwisePort : Number(match[4])
  const isPort = port <= MAX_PORT && (port > 0 || match?.[4] === undefined)
  return isPort ? { host, port } : null
}

const inUrl = (host: string): string => (host.includes(':') ? `[${host}]` : host)

export const urlOf = ({ host, port }: Address): string => `http://${inUrl(host)}:${port}`

/** The URL of a server's API as it is written in a list of servers; null for what is none. */
export const serverUrl = (text: string): string | null => {
  const address = parseAddress(text.replace(/^http:\/\//, '').replace(/\/$/, ''), DEFAULT_HTTP_PORT)
  return address === null ? null : urlOf(address)
}

/** `22,80,8500-8600`, ascending and each once; null for what is none. */
export const parsePorts = (text: string): readonly number[] | null => {
  const ports = new Set<number>()
  for (const part of text.split(',').map(each => each.trim())) {
    if (part === '') continue
    const match = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?$/.exec(part)
    const from = Number(match?.[1] ?? Number.NaN)
    const to = match?.[2] === undefined ? from : Number(match[2])
    if (!(from >= 1 && from <= to && to <= MAX_PORT)) return null
    for (let port = from; port <= to; port += 1) ports.add(port)
  }
  return [...ports].toSorted((a, b) => a - b)
}
