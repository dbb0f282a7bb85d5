// node --test: what the scripts work out, without a browser.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration } from '../../aggregator/publish/assets/script/duration.mjs'
import { serverClock } from '../../aggregator/publish/assets/script/clock.mjs'
import { pause } from '../../aggregator/publish/assets/script/poll.mjs'
import { covers, labels, span } from '../../aggregator/publish/assets/script/days.mjs'
import { TEXTS as ENGLISH } from '../../aggregator/publish/assets/script/texts.mjs'
import { TEXTS as GERMAN } from '../../aggregator/publish/assets/script/texts.de.mjs'
import { TEXTS as PSEUDO } from '../../aggregator/publish/assets/script/texts.ar-xb.mjs'

import { pointAt, pointsOf } from '../../aggregator/publish/assets/script/chart.mjs'

const SECOND = 1e3
const HOUR = 3600 * SECOND
const SERVER = Date.parse('2026-11-20T16:15:00Z')

/** A visitor whose clock is wrong by `wrong`; `pass` moves both clocks, `sleep` moves the one on the wall alone. */
function visitor(wrong = 0) {
  let steady = 7e3
  let wall = SERVER + wrong
  return {
    clock: serverClock(() => wall, () => steady),
    pass(milliseconds) { steady += milliseconds; wall += milliseconds },
    sleep(milliseconds) { wall += milliseconds },
  }
}

const headers = (date, age) => new Headers({ date: new Date(date).toUTCString(), ...(age === undefined ? {} : { age: String(age) }) })

test('the time is that of the server, whatever the visitor has', () => {
  for (const wrong of [-24 * HOUR, 0, 24 * HOUR]) {
    const { clock, pass } = visitor(wrong)
    assert.equal(clock.now(), null, 'nobody said what time it is')
    assert.equal(clock.answered(clock.ask(), headers(SERVER)), true)
    pass(90 * SECOND)
    assert.equal(clock.now(), SERVER + 90 * SECOND)
  }
})

test('an answer is as old as the cache says, and as long as it took', () => {
  for (const [age, seconds] of [[50, 50], ['50, 3', 50], ['', 0], ['soon', 0], ['-5', 0]]) {
    const { clock, pass } = visitor()
    const question = clock.ask()
    pass(2 * SECOND)
    assert.equal(clock.answered(question, headers(SERVER, age)), true)
    assert.equal(clock.now(), SERVER + (seconds + 2) * SECOND, String(age))
  }
})

test('an answer without a date says nothing', () => {
  const { clock } = visitor()
  assert.equal(clock.answered(clock.ask(), new Headers()), false)
  assert.equal(clock.now(), null)
})

test('after a sleep the time is unknown until the next answer', () => {
  for (const slept of [HOUR, -HOUR, 6 * SECOND]) {
    const { clock, pass, sleep } = visitor()
    clock.answered(clock.ask(), headers(SERVER))
    pass(20 * SECOND)
    assert.equal(clock.slept(), false)
    sleep(slept)
    assert.equal(clock.slept(), true)
    assert.equal(clock.slept(), false, 'it is said once')
    assert.equal(clock.now(), null)
    pass(3 * SECOND)
    assert.equal(clock.unknownFor(), 3 * SECOND)
    assert.equal(clock.answered(clock.ask(), headers(SERVER + HOUR)), true)
    assert.equal(clock.now(), SERVER + HOUR)
  }
})

test('an answer that was asked for before a sleep says nothing', () => {
  const { clock, sleep } = visitor()
  const question = clock.ask()
  sleep(HOUR)
  assert.equal(clock.answered(question, headers(SERVER)), false)
  assert.equal(clock.now(), null)
})

test('a clock that is corrected bit by bit is no sleep', () => {
  const { clock, pass, sleep } = visitor()
  clock.answered(clock.ask(), headers(SERVER))
  for (let look = 0; look < 1000; look++) {
    pass(5 * SECOND)
    sleep(3)
    assert.equal(clock.slept(), false)
  }
})

test('viewers ask every 30 s, give or take a quarter, and every minute at least after failures', () => {
  const times = { every: 30 * SECOND, longest: 60 * SECOND }
  assert.deepEqual([0, 0.5, 1].map(random => pause(times, 0, random)), [22_500, 30_000, 37_500])
  for (const failures of [1, 2, 7, 2000]) assert.deepEqual([0, 1].map(random => pause(times, failures, random)), [45_000, 60_000], `${failures}`)
  const patient = { every: 60 * SECOND, longest: 240 * SECOND }
  assert.deepEqual([0, 1, 2, 3].map(failures => pause(patient, failures, 1)), [75_000, 120_000, 240_000, 240_000])
})

test('durations have the two largest units', () => {
  const minutes = { 0: '1 min', 42: '42 min', 60: '1 h', 133: '2 h 13 min', 1440: '1 day', 1500: '1 day 1 h', 4560: '3 days 4 h' }
  for (const [many, text] of Object.entries(minutes)) assert.equal(duration(many * 60 * SECOND), text.replaceAll(/(\d) /g, '$1\u00a0'))
})

test('a line of a list says which days it is about', () => {
  const all = labels('2026-11-20')
  assert.equal(all[89], 'Fri 20 Nov')
  assert.equal(all[0], 'Sun 23 Aug')
  for (const [text, from, to] of [['Fri 20 Nov ', 89, 89], ['3 to 9 Nov', 72, 78], ['28 Oct to 3 Nov', 66, 72], ['\u2068Sun 23 Aug\u2069', 0, 0], ['1 Jan', -1, -1]]) {
    assert.deepEqual(span(text, all), [from, to], text)
  }
  assert.equal(labels('2027-01-02')[87], 'Thu 31 Dec')
})

test('a path of a bar covers its runs of days', () => {
  const path = 'M1 0h39m2 0h47'
  assert.deepEqual([0, 1, 39, 40, 41, 42, 88, 89].map(day => covers(path, day)), [false, true, true, false, false, true, true, false])
})

test('a chart says what was measured at a place, and nothing where nothing was', () => {
  const points = pointsOf({ says: '{0} · median {1}', points: '10|Fri 12:40|301 ms|690 ms;20|Fri 12:56|1 s|2 s;60|Fri 14:00|5 ms|6 ms' })
  assert.deepEqual(points.map(point => point.text), ['Fri 12:40 · median 301 ms', 'Fri 12:56 · median 1 s', 'Fri 14:00 · median 5 ms'])
  assert.deepEqual([0, 6, 14, 16, 25, 40, 54, 60, 67].map(x => pointAt(points, x)), [-1, 0, 0, 1, 1, -1, 2, 2, -1])
  assert.equal(pointAt(points.slice(0, 1), 400), 0, 'a single point is everywhere')
  assert.equal(pointAt([], 400), -1)
})

test('the lines of a list are found in every language', () => {
  const marked = text => text.replace(/[A-Za-z]+/g, '\u202e$&\u202c')
  for (const [texts, lines] of [
    [GERMAN, [['Fr., 20. Nov.', 89, 89], ['3. bis 9. Nov.', 72, 78], ['28. Okt. bis 3. Nov.', 66, 72], ['Di., 1. Sept.', 9, 9]]],
    [PSEUDO, [[marked('Fri 20 Nov'), 89, 89], [marked('28 Oct to 3 Nov'), 66, 72]]],
  ]) {
    const all = labels('2026-11-20', texts)
    for (const [text, from, to] of lines) assert.deepEqual(span(text, all, texts), [from, to], text)
  }
})

test('German durations follow in the case that their word asks for', () => {
  assert.equal(GERMAN.lasting(`${GERMAN.day(3)} ${GERMAN.hours(4)}`), ', bisher\u00a03\u00a0Tage 4\u00a0Std.')
  assert.equal(GERMAN.ago(GERMAN.day(3)), ', vor\u00a03\u00a0Tagen')
})

test('the time is taken from the words of a document', () => {
  assert.equal(ENGLISH.timeOf('13:02 UTC, 20 November 2026'), '13:02 UTC')
  assert.equal(GERMAN.timeOf('20. November 2026, 13:02 Uhr UTC'), '13:02 Uhr UTC')
})

test('a duration keeps its abbreviation and loses what separates it', () => {
  for (const [text, bare] of [['2 h 13 min', '2 h 13 min'], ['12 min,', '12 min'], ['25 min.', '25 min']]) assert.equal(ENGLISH.withoutEnd(text), bare)
  for (const [text, bare] of [['2 Std. 13 Min.', '2 Std. 13 Min.'], ['12 Min.,', '12 Min.'], ['3 Tage.', '3 Tage']]) assert.equal(GERMAN.withoutEnd(text), bare)
})

test('every language has the same texts', () => {
  assert.deepEqual(Object.keys(GERMAN), Object.keys(ENGLISH))
  assert.deepEqual(Object.keys(PSEUDO), Object.keys(ENGLISH))
  for (const [key, text] of Object.entries(GERMAN)) assert.equal(typeof text, typeof ENGLISH[key], key)
})
