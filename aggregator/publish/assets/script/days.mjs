import { TEXTS } from './texts.mjs'

/** Days in a bar; today is the last. */
export const DAYS = 90

/** "Fri 20 Nov" for each day of the bars of a document that was made on the day `today`, an ISO date. */
export const labels = (today, texts = TEXTS) => Array.from({ length: DAYS }, (_, index) =>
  texts.date(new Date(Date.parse(`${today}T12:00Z`) - (DAYS - 1 - index) * 864e5)))

/** Without the marks that isolate or override a direction. */
const plain = text => text.replaceAll(/[\u202a-\u202e\u2066-\u2069]/g, '')

/** The first and the last day that a line of a list is about: "Fri 20 Nov", "3 to 9 Nov", "28 Oct to 3 Nov". */
export const span = (text, all, texts = TEXTS) => {
  const [first, last] = plain(text).trim().replaceAll(/ \d{4}/g, '').split(plain(texts.to))
  const at = day => all.findIndex(label => plain(label) === day || plain(label).endsWith(` ${day}`))
  const from = last && !first.includes(' ') ? `${first} ${last.split(' ')[1]}` : first
  return [at(from), at(last ?? first)]
}

/** Does a path of a bar, "M0 0h43m1 0h20", cover the day? */
export const covers = (path, day) => {
  let end = 0
  for (const [, move, run] of path.matchAll(/[Mm](\d+) 0h(\d+)/g)) {
    end += Number(move)
    if (day >= end && day < end + Number(run)) return true
    end += Number(run)
  }
  return false
}
