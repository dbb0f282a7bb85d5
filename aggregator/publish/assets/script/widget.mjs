import { TEXTS } from './texts.mjs'
import { MINUTE, SECOND } from './duration.mjs'
import { PATIENCE, serverClock } from './clock.mjs'
import { get, poll } from './poll.mjs'
import { brief } from './age.mjs'
import { strip } from './strip.mjs'

const TIMES = { every: MINUTE, longest: 4 * MINUTE, first: 5 * SECOND }
/** How often the age is looked at; nothing is asked for. */
const LOOK = 5 * SECOND

/** What a strip says of the last `answer`, or that there was none; `now` is `null` if nobody knows how old it is. `undefined` while
 * the first answer may still come. */
const state = (answer, clock) => {
  const now = clock.now()
  if (!answer) return clock.unknownFor() < PATIENCE ? undefined : { status: 'no_data', headline: TEXTS.unknown, lines: [] }
  const { banner, verified_at: verified, believe_until: until } = answer
  const old = now === null ? clock.unknownFor() >= PATIENCE : now > Date.parse(until)
  if (!old) return { ...banner, lines: [...banner.details, ...(banner.verified ? [TEXTS.verifiedAt(banner.verified)] : [])] }
  const age = now === null ? null : now - Date.parse(verified)
  const was = banner.verified ? [TEXTS.stateAt(banner.headline, brief(banner.verified, age))] : []
  return { status: 'no_data', headline: TEXTS.mayBeOld, lines: [...was, TEXTS.noAnswer] }
}

const widget = script => {
  const page = new URL('.', script.src)
  const link = script.previousElementSibling?.matches('a') ? script.previousElementSibling : null
  // STRIP_CSS is the style sheet, where the scripts are joined.
  const show = strip(host => link ? link.replaceWith(host) : script.before(host), page.href, STRIP_CSS)
  const clock = serverClock()
  let last = null
  const render = () => {
    const now = state(last, clock)
    if (now) show(now)
  }
  const askNow = poll(async () => {
    let answered = false
    try {
      const question = clock.ask()
      const answer = await get(new URL('api/v2/status.json', page), 'no-store')
      const next = await answer.json()
      // A cache may hold an older copy than we do.
      if (!last || Date.parse(next.believe_until) >= Date.parse(last.believe_until)) last = next
      answered = clock.answered(question, answer.headers)
    } catch {
      // No answer: what we hold grows old in plain sight.
    }
    render()
    return answered
  }, TIMES)
  setInterval(() => {
    if (clock.slept()) askNow()
    render()
  }, LOOK)
}

// Without constructed style sheets the link stays as it is.
if (document.adoptedStyleSheets) widget(document.currentScript)
