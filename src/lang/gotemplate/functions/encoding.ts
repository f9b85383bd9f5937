import { createHash, createHmac } from 'node:crypto'
import { TemplateFunctionError } from '../template-error.ts'
import { fixedArguments, type TemplateFunction, textAt } from '../template-function.ts'
import { parseGoJson, toGoJson } from './go-json.ts'

const decodeBase64 = (text: string, alphabet: RegExp, name: string): string => {
  const digits = text.replace(/[\r\n]/g, '')
  if (digits.length % 4 !== 0 || !alphabet.test(digits)) throw new TemplateFunctionError(`${name}: illegal base64 data`)
  return Buffer.from(digits, 'base64').toString()
}

const standardAlphabet = /^[A-Za-z0-9+/]*={0,2}$/
const urlAlphabet = /^[A-Za-z0-9_-]*={0,2}$/

const encodeUrlBase64 = (text: string): string => {
  const digits = Buffer.from(text).toString('base64url')
  return digits.padEnd(Math.ceil(digits.length / 4) * 4, '=')
}

const onText = (call: (text: string) => string): TemplateFunction => fixedArguments(1, args => call(textAt(args, 0)))

const json = (isPretty: boolean, escapesHtml: boolean): TemplateFunction =>
  fixedArguments(1, ([value = null]) => toGoJson(value, { isPretty, escapesHtml }))

/** Base64, hashes and JSON. What base64 decodes to is read as UTF-8. */
export const encodingFunctions: Readonly<Record<string, TemplateFunction>> = {
  base64Decode: onText(text => decodeBase64(text, standardAlphabet, 'base64Decode')),
  base64Encode: onText(text => Buffer.from(text).toString('base64')),
  base64URLDecode: onText(text => decodeBase64(text, urlAlphabet, 'base64URLDecode')),
  base64URLEncode: onText(encodeUrlBase64),
  sha256Hex: onText(text => createHash('sha256').update(text).digest('hex')),
  md5sum: onText(text => createHash('md5').update(text).digest('hex')),
  hmacSHA256Hex: fixedArguments(2, args => createHmac('sha256', textAt(args, 1)).update(textAt(args, 0)).digest('hex')),
  parseJSON: fixedArguments(1, args => parseGoJson(textAt(args, 0))),
  toJSON: json(false, true),
  toJSONPretty: json(true, true),
  toUnescapedJSON: json(false, false),
  toUnescapedJSONPretty: json(true, false),
}
