import { TEXTS as ENGLISH } from './texts.mjs'

/** The pseudo-locale: English whose words are forced to run from right to left, as `publish/src/texts/pseudo.rs` does it. */
const marked = text => text.replaceAll(/\u202e[^\u202c]*\u202c|\u2068[^\u2069]*\u2069|\p{Alphabetic}+/gu, word => /^[\u202e\u2068]/.test(word) ? word : `\u202e${word}\u202c`)

export const TEXTS = Object.fromEntries(Object.entries(ENGLISH).map(([key, text]) =>
  [key, typeof text === 'string' ? marked(text) : (...values) => marked(text(...values))]))
