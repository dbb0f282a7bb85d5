import { SECOND } from './duration.mjs'

/** The two clocks of a browser may part by this much between two looks. More: the machine slept, or its clock was set. */
const PARTED = 5 * SECOND

/** What is said of a state whose age is unknown for longer: it may be out of date. */
export const PATIENCE = 15 * SECOND

/** The time of the server, by its answers and a clock that nobody can set. The visitor's clock only says that time passed
 * which the other one did not count; it never says what time it is. */
export const serverClock = (wall = () => Date.now(), steady = () => performance.now()) => {
  /** The server's time less the steady one; `null` while it is unknown. */
  let offset = null
  let gap = wall() - steady()
  let unknownSince = steady()
  let sleeps = 0

  /** Whether the machine slept since the last look, which makes the time unknown. */
  const slept = () => {
    const before = gap
    gap = wall() - steady()
    if (Math.abs(gap - before) < PARTED) return false
    sleeps++
    offset = null
    unknownSince = steady()
    return true
  }

  return {
    slept,
    now: () => offset === null ? null : steady() + offset,
    /** For how long the time has been unknown. */
    unknownFor: () => offset === null ? steady() - unknownSince : 0,
    /** To be called before a request; the result belongs to its answer. */
    ask: () => {
      slept()
      return { at: steady(), sleeps }
    },
    /** Takes the time from the headers of an answer, which may have lain in a cache, and may have taken its time (RFC 9111
     * §4.2.3). Tells whether it says what time it is. */
    answered: (question, headers) => {
      slept()
      const date = Date.parse(headers.get('date'))
      if (Number.isNaN(date) || question.sleeps !== sleeps) return false
      const age = Math.max(0, Number.parseInt(headers.get('age'), 10) || 0)
      offset = date + age * SECOND - question.at
      return true
    },
  }
}
