import { TEXTS } from './texts.mjs'
import { MINUTE, duration } from './duration.mjs'

/** An older verification is named by its date. */
const RECENT = 720 * MINUTE

/** The time of a date and a time, if that was lately; an `age` of `null` is unknown. */
export const brief = (full, age) => age !== null && age < RECENT ? TEXTS.timeOf(full) : full

/** Adds a text after a time. If it ends with a full stop, that of the document goes. */
const add = (time, text) => {
  const next = time.nextSibling
  if (text.endsWith('.') && next?.data?.startsWith('.')) next.data = next.data.slice(1)
  time.after(text)
}

/** The style sheet keeps room for the durations until the document has them, or never will. */
export const giveRoomBack = root => {
  for (const time of root.querySelectorAll('[data-for]')) delete time.dataset.for
}

/** Adds to the document what is true at the time `now`: for how long, how long ago. */
export const addAges = (root, now) => {
  giveRoomBack(root)
  for (const time of root.querySelectorAll('time.r')) add(time, TEXTS.lasting(duration(now - Date.parse(time.dateTime))))
  for (const time of root.querySelectorAll('time.ag')) add(time, TEXTS.ago(duration(now - Date.parse(time.dateTime))))
  const age = now - Date.parse(root.dataset.verified)
  if (age >= 2 * MINUTE) add(root.querySelector('.at time'), TEXTS.ago(duration(age)))
}

/** Makes the document say, in the words of its kind, that it may be out of date; the style sheet makes all of it grey. `now`
 * is `null` if nobody knows how old it is. */
export const warn = (root, now) => {
  giveRoomBack(root)
  const verified = Date.parse(root.dataset.verified)
  const small = root.querySelector('.at')
  const full = small.querySelector('time').textContent
  const age = verified && now ? now - verified : null
  const time = brief(full, age)
  const strip = root.querySelector('a.w')
  if (strip) return warnInStrip(strip, small, verified ? time : null)
  const banner = root.querySelector('.u')
  const lastVerified = age === null ? '' : TEXTS.lastVerified(duration(age))
  if (!banner) small.textContent = `${verified ? `${TEXTS.until(full)} ` : ''}${TEXTS.old}. ${TEXTS.trying}`
  else if (banner.querySelector('[aria-live] h1')) {
    warnInHeadline(banner, verified ? TEXTS.verified(time, age === null ? '' : TEXTS.ago(duration(age))) : TEXTS.mayHaveChanged)
    small.textContent = TEXTS.trying
  } else {
    warnInPanel(banner, verified ? time : null)
    small.textContent = `${lastVerified}${TEXTS.trying}`
  }
  if (!verified) return
  for (const state of root.querySelectorAll('.g .s:not(.n) > span')) state.append(TEXTS.at(TEXTS.timeOf(full).split(' ')[0]))
  for (const part of root.querySelectorAll('.ut')) part.append(` ${TEXTS.until(time)}`)
}

/** The strip of the widget. */
const warnInStrip = (strip, small, time) => {
  const headline = strip.querySelector('b')
  small.textContent = time ? `${TEXTS.stateAt(headline.textContent, time)} ${TEXTS.noAnswer}` : TEXTS.mayHaveChanged
  headline.textContent = TEXTS.mayBeOld
  strip.className = 'w n'
  strip.querySelector('use').setAttribute('href', '#n')
}

const grey = banner => {
  banner.className = 'u n'
  banner.querySelector('use')?.setAttribute('href', '#n')
}

/** The index: its headline is the state. */
const warnInHeadline = (banner, facts) => {
  grey(banner)
  banner.querySelector('h1').textContent = TEXTS.old
  banner.querySelector('.f').textContent = facts
}

/** Every other panel: its headline is a name. */
const warnInPanel = (banner, time) => {
  const facts = banner.querySelector('.f')
  const blind = banner.classList.contains('n')
  grey(banner)
  if (blind || !time) facts.append(` ${TEXTS.old}.`)
  else {
    const state = facts.querySelector('b')
    state.textContent = `${TEXTS.withoutEnd(state.textContent)}${TEXTS.at(time)}.`
    facts.replaceChildren(state.parentNode, ` ${TEXTS.old}.`)
  }
}
