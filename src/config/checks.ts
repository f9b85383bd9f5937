import { isAbsolute } from 'node:path'
import type { Reader } from '../lang/hcl/index.ts'
import { parseAddress } from './addresses.ts'

const refuse = (reader: Reader, name: string, detail: string, hint: string): null => {
  reader.report({ summary: 'Unsupported value', detail, hint, range: reader.rangeOf(name) })
  return null
}

/** A whole number from `min` to `max`; null where it is not written or at fault. */
export const readNumber = (reader: Reader, name: string, min = 0, max = Number.MAX_SAFE_INTEGER): number | null => {
  const value = reader.integer(name, null)
  if (value === null || (value >= min && value <= max)) return value
  const limits = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`
  return refuse(reader, name, `"${name}" is ${value}.`, `Write ${limits}.`)
}

/** A duration of at least `minMs`. */
export const readDuration = (reader: Reader, name: string, minMs = 0): number | null => {
  const value = reader.duration(name, null)
  if (value === null || value >= minMs) return value
  return refuse(reader, name, `"${name}" is ${value} ms.`, `Write ${minMs} ms or more.`)
}

/** A path from the root of the machine: an agent is started in whichever directory. */
export const readPath = (reader: Reader, name: string): string | null => {
  const path = reader.string(name, null)
  if (path === null || isAbsolute(path)) return path
  return refuse(reader, name, `"${name}" is "${path}", which is no absolute path.`, 'Write it from / on.')
}

const isTemplate = (text: string): boolean => text.includes('{{')

/** Where one listens: a host, without a port. */
export const readHost = (reader: Reader, name: string): string | null => {
  const text = reader.string(name, null)
  if (text === null || text === '') return null
  if (isTemplate(text)) return refuse(reader, name, `"${name}" is a template.`, 'Write the address itself.')
  const address = parseAddress(text, 1)
  if (address !== null && address.host === text) return text
  return refuse(
    reader,
    name,
    `"${name}" is "${text}", which is no host.`,
    'Write a host or an address, without a port.',
  )
}

/** A host, with or without a port. */
export const readAddress = (reader: Reader, name: string): string | null => {
  const text = reader.string(name, null)
  if (text === null || text === '') return null
  if (isTemplate(text)) return refuse(reader, name, `"${name}" is a template.`, 'Write the address itself.')
  if (parseAddress(text, 1) !== null) return text
  return refuse(reader, name, `"${name}" is "${text}", which is no address.`, 'Write host or host:port.')
}
