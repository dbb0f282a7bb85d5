import { TEXTS } from './texts.mjs'

export const SECOND = 1e3
export const MINUTE = 60 * SECOND

/** The two largest units, cut off; never seconds, because it is rewritten once a minute. */
export const duration = milliseconds => {
  const minutes = Math.max(1, Math.floor(milliseconds / MINUTE))
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60]
  const parts = days ? [TEXTS.day(days), hours && TEXTS.hours(hours)]
    : hours ? [TEXTS.hours(hours), rest && TEXTS.minutes(rest)] : [TEXTS.minutes(rest)]
  return parts.filter(Boolean).join(' ')
}
