const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The text taken apart into what a person counts as characters (grapheme clusters). */
export const charactersOf = (text: string): string[] => Array.from(graphemes.segment(text), s => s.segment)
