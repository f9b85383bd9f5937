import { define, done, failed, type HclFunction, type Outcome, takes } from '../function.ts'
import { decodeJson, encodeJson } from '../json-text.ts'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

const decodeBase64 = (text: string): Outcome => {
  const stripped = text.replace(/[\r\n]/g, '')
  if (!base64.test(stripped)) return failed('this text is not Base64', 0)
  try {
    return done(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(stripped, 'base64')))
  } catch {
    return failed('the decoded bytes are not UTF-8 text', 0)
  }
}

/** As a form does it: a space is a plus sign. */
const encodeForUrl = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, character => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+')

export const encodingFunctions: readonly HclFunction[] = [
  define('jsonencode', [takes.any('val')], value => {
    const json = encodeJson(value)
    return json.ok ? done(json.value) : failed(json.message)
  }),
  define('jsondecode', [takes.string('str')], text => {
    const value = decodeJson(text)
    return value.ok ? done(value.value) : failed(value.message, 0)
  }),
  define('base64encode', [takes.string('str')], text => done(Buffer.from(text, 'utf8').toString('base64'))),
  define('base64decode', [takes.string('str')], decodeBase64),
  define('urlencode', [takes.string('str')], text => done(encodeForUrl(text))),
]
