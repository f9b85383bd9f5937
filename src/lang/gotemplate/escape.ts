const htmlEscapes: Readonly<Record<string, string>> = {
  '\0': '\ufffd',
  '"': '&#34;',
  "'": '&#39;',
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
}

/** A text to be put between the tags of a page, as the built-in `html` makes it. */
export const escapeHtml = (text: string): string =>
  text.replace(/[\0"'&<>]/g, character => htmlEscapes[character] ?? character)

const scriptEscapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '"': '\\"',
  '<': '\\u003C',
  '>': '\\u003E',
  '&': '\\u0026',
  '=': '\\u003D',
}

const isShown = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** A text to be put into a string of a script, as the built-in `js` makes it. */
export const escapeScript = (text: string): string =>
  Array.from(text, character => {
    const special = scriptEscapes[character]
    if (special !== undefined) return special
    if (isShown.test(character)) return character
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
  }).join('')

/** A text as a value in the query of a URL, as the built-in `urlquery` makes it: spaces become plus signs. */
export const escapeQuery = (text: string): string =>
  encodeURIComponent(Buffer.from(text).toString()).replace(/%20|[!'()*]/g, found =>
    found === '%20' ? '+' : `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  )
