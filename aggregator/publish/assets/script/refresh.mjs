import { TEXTS } from './texts.mjs'
import { MINUTE, SECOND } from './duration.mjs'
import { PATIENCE, serverClock } from './clock.mjs'
import { get, poll } from './poll.mjs'
import { morph } from './morph.mjs'
import { addAges, giveRoomBack, warn } from './age.mjs'
import { iconOf, showIcon } from './favicon.mjs'

/** "We are trying again every minute" stays true after any number of failures. */
const TIMES = { every: 30 * SECOND, longest: MINUTE, first: 5 * SECOND }
/** How often the ages are looked at; nothing is asked for. */
const LOOK = 5 * SECOND
/** A document is replaced this long before it is too old, if nothing changes. */
const AHEAD = 90 * SECOND

/** Keeps a document that can become too old as new as the server has it, and says so if that fails. `status` is the address
 * of `api/v2/status.json`; `null` if the document is the only one that says how old it is. `oldIcon` is the address of the icon
 * of a document that is too old. */
export const refresh = (main, status, oldIcon) => {
  /** What the document says, before anything is added to it. */
  let said = main.cloneNode(true)
  let title = document.title
  let icon = iconOf(document)
  let shown
  /** Paper keeps what it says: it has no ages. */
  let onPaper = false
  const clock = serverClock()
  const until = () => Date.parse(said.dataset.until)

  const render = () => {
    const now = clock.now()
    const ages = Boolean(said.dataset.until)
    const old = ages && (now === null ? clock.unknownFor() >= PATIENCE : now > until())
    const state = `${old} ${onPaper} ${now && Math.floor(now / MINUTE)}`
    if (shown === state) return
    shown = state
    const next = said.cloneNode(true)
    if (old) warn(next, now)
    else if (onPaper) giveRoomBack(next)
    else if (ages && now !== null) addAges(next, now)
    document.documentElement.classList.toggle('old', old)
    document.title = old ? TEXTS.oldTitle(title) : title
    showIcon(old ? icon && oldIcon : icon)
    morph(main, next)
  }

  /** Whether the server may have a document that says something else. */
  const wants = answer => Date.parse(answer.page.updated_at) > Number(said.dataset.updated)
    || clock.now() > until() - AHEAD

  const take = async question => {
    const answer = await getAsVisitor(location.href.split('#')[0], question ? 'no-store' : 'no-cache')
    if (question && !clock.answered(question, answer.headers)) return false
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const next = fresh.getElementById('main')
    // A cache may hold an older copy than we do; what is newest stays. What can change no more has no age.
    if (!next || Date.parse(next.dataset.until) < until()) return true
    if (made(fresh) !== made(document)) location.reload()
    said = document.importNode(next, true)
    title = fresh.title
    icon = iconOf(fresh)
    shown = null
    return true
  }

  const ask = async () => {
    let answered = false
    try {
      const question = clock.ask()
      if (status === null) answered = await take(question)
      else {
        const answer = await getAsVisitor(status, 'no-store')
        const validity = await answer.json()
        answered = clock.answered(question, answer.headers)
        if (answered && wants(validity)) answered = await take()
      }
    } catch {
      // No answer: the copy that we hold grows old in plain sight.
    }
    render()
    return said.dataset.until ? answered : null
  }

  for (const event of ['beforeprint', 'afterprint']) {
    addEventListener(event, () => {
      onPaper = event === 'beforeprint'
      render()
    })
  }
  const askNow = poll(ask, TIMES)
  setInterval(() => {
    if (clock.slept()) askNow()
    render()
  }, LOOK)
}

/** Caches answer those without cookies alone. A restricted page refuses them, and answers who signed in. */
let isRefused = false
const getAsVisitor = async (url, cache) => {
  try {
    return await get(url, cache, isRefused ? 'same-origin' : 'omit')
  } catch (error) {
    if (error.status !== 403 || isRefused) throw error
    isRefused = true
    return get(url, cache, 'same-origin')
  }
}

/** What the document is made with; another release has other styles and scripts. */
const made = of => of.querySelector('style').textContent + of.querySelector('script').getAttribute('src')
