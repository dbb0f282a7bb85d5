import { SECOND } from './duration.mjs'

/** Who comes back to a page gets an answer at once, but not each time. */
const AT_MOST_EVERY = 5 * SECOND

/** The longest wait for an answer. */
const LIMIT = 10 * SECOND

/** Asks, without cookies unless `credentials` says otherwise. `cache` is how the browser's own cache is used; those between
 * are not bypassed. */
export const get = async (url, cache, credentials = 'omit') => {
  const answer = await fetch(url, { cache, credentials, signal: AbortSignal.timeout(LIMIT) })
  if (!answer.ok) throw Object.assign(new Error(), { status: answer.status })
  return answer
}

/** How long to wait before the next request: about `every`; after failures longer, up to `longest`. `random` is in [0, 1):
 * viewers who came at the same moment do not ask at the same moment. */
export const pause = ({ every, longest }, failures, random) => failures
  ? Math.min(longest, every * 2 ** failures) * (0.75 + random / 4)
  : every * (0.75 + random / 2)

/** Calls `ask` at once and then again and again, as `times` says, for as long as the document is visible. `ask` resolves to
 * `true` for an answer, `false` for none, `null` for the end. The result asks at once. */
export const poll = (ask, times, random = Math.random) => {
  let timer
  let failures = 0
  let asked = -Infinity
  let asking = false
  let ended = false

  const wait = milliseconds => {
    clearTimeout(timer)
    timer = setTimeout(run, milliseconds)
  }
  const run = async () => {
    clearTimeout(timer)
    if (ended || asking || document.hidden) return
    asking = true
    asked = performance.now()
    // What fails must not end the polling.
    const answer = await ask().catch(() => false)
    asking = false
    ended = answer === null
    failures = answer === false ? failures + 1 : 0
    if (!ended) wait(failures === 1 && times.first ? times.first : pause(times, failures, random()))
  }
  const shown = () => {
    if (performance.now() - asked >= AT_MOST_EVERY) run()
    else if (!asking && !ended) wait(AT_MOST_EVERY)
  }

  document.addEventListener('visibilitychange', () => document.hidden || shown())
  addEventListener('online', shown)
  addEventListener('pageshow', event => event.persisted && shown())
  run()
  return run
}
