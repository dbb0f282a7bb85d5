/** All that the scripts say, in English; `texts.de.mjs` has the same in German. The texts of the documents are in `publish/src/texts`. */
export const TEXTS = {
  day: number => number === 1 ? '1\u00a0day' : `${number}\u00a0days`,
  hours: number => `${number}\u00a0h`,
  minutes: number => `${number}\u00a0min`,
  lasting: duration => `, for ${duration}`,
  ago: duration => `, ${duration} ago`,
  old: 'This page may be out of date',
  oldTitle: title => `May be out of date · ${title}`,
  verified: (time, ago) => `It was last verified at ${time}${ago}. What you see below was true then and may have changed.`,
  mayHaveChanged: 'What you see below may have changed.',
  lastVerified: duration => `Last verified ${duration} ago. `,
  trying: 'We are trying again every minute. Nothing here will turn green until we have an answer.',
  at: time => ` at ${time}`,
  until: time => `Until ${time}.`,
  mayBeOld: 'May be out of date',
  stateAt: (state, time) => `${state} at ${time}.`,
  noAnswer: 'We have had no answer since.',
  unknown: 'Status unknown',
  verifiedAt: time => `Verified ${time}.`,
  details: 'Details',
  notMonitored: 'Not monitored yet',
  more: number => `and ${number} more`,
  /** At the foot of a sheet of paper. */
  asOf: time => `as of ${time}`,
  /** "12 min" of "12 min," or "12 min.", as the documents have it. */
  withoutEnd: text => text.replace(/[,.]$/, ''),
  /** "13:02 UTC" of "13:02 UTC, 20 November 2026", as the documents have it. */
  timeOf: full => full.split(',')[0],
  /** "Fri 20 Nov", as the documents have it. */
  date: date => `${WEEKDAYS[date.getUTCDay()]} ${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`,
  /** Between two of them: "3 to 9 Nov". */
  to: ' to ',
}

const WEEKDAYS = 'Sun Mon Tue Wed Thu Fri Sat'.split(' ')
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')
