/** The full stop of a sentence that ends with `text`, unless an abbreviation ends it. */
const stop = text => text.endsWith('.') ? '' : '.'

/** All that the scripts say, in German. Durations follow "vor", where days are in the dative. */
export const TEXTS = {
  day: number => number === 1 ? '1\u00a0Tag' : `${number}\u00a0Tagen`,
  hours: number => `${number}\u00a0Std.`,
  minutes: number => `${number}\u00a0Min.`,
  // "seit" stands before the time already.
  lasting: duration => `, bisher\u00a0${duration.replace('Tagen', 'Tage')}`,
  ago: duration => `, vor\u00a0${duration}`,
  old: 'Diese Seite ist möglicherweise veraltet',
  oldTitle: title => `Möglicherweise veraltet · ${title}`,
  verified: (time, ago) => `Zuletzt geprüft: ${time}${ago}${stop(ago)} Was unten steht, war zu dieser Zeit richtig und kann sich geändert haben.`,
  mayHaveChanged: 'Was unten steht, kann sich geändert haben.',
  lastVerified: duration => `Zuletzt geprüft vor ${duration}${stop(duration)} `,
  trying: 'Wir versuchen es jede Minute erneut. Bis zu einer Antwort wird hier nichts grün.',
  at: time => ` (Stand: ${time})`,
  until: time => `Bis ${time}.`,
  mayBeOld: 'Möglicherweise veraltet',
  stateAt: (state, time) => `${state} (Stand: ${time}).`,
  noAnswer: 'Seitdem haben wir keine Antwort erhalten.',
  unknown: 'Status unbekannt',
  verifiedAt: time => `Zuletzt geprüft: ${time}.`,
  details: 'Details',
  notMonitored: 'Noch nicht überwacht',
  more: number => `und ${number} weitere`,
  asOf: time => `Stand: ${time}`,
  withoutEnd: text => /(Sek|Min|Std)\.$/.test(text) ? text : text.replace(/[,.]$/, ''),
  timeOf: full => full.split(', ').pop(),
  date: date => `${WEEKDAYS[date.getUTCDay()]}., ${date.getUTCDate()}. ${MONTHS[date.getUTCMonth()]}`,
  to: ' bis ',
}

const WEEKDAYS = 'So Mo Di Mi Do Fr Sa'.split(' ')
const MONTHS = 'Jan. Feb. März Apr. Mai Juni Juli Aug. Sept. Okt. Nov. Dez.'.split(' ')
