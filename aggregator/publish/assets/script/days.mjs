import { TEXTS } from './texts.mjs'

/** Days in a bar; today is the last. */
export const DAYS = 90

/** "Fri 20 Nov" for each day of the bars of a document that was made on the day `today`, an ISO date. */
export const labels = today => Array.from({ length: DAYS }, (_, index) => {
  const date = new Date(Date.parse(`${today}T12:00Z`) - (DAYS - 1 - index) * 864e5)
  return `${TEXTS.weekdays[date.getUTCDay()]} ${date.getUTCDate()} ${TEXTS.months[date.getUTCMonth()]}`
})

/** The first and the last day that a line of a list is about: "Fri 20 Nov", "3 to 9 Nov", "28 Oct to 3 Nov". */
export const span = (text, all) => {
  const [first, last] = text.trim().replaceAll(/ \d{4}|[\u2066-\u2069]/g, '').split(' to ')
  const at = day => all.findIndex(known => known === day || known.endsWith(` ${day}`))
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
