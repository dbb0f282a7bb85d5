// node --test: what axe reads of each page, and over pages that follow each other.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRead } from './turns.mjs'

const ALL = ['light', 'dark'].flatMap(scheme => [1280, 360].map(width => ({ scheme, width })))
const read = (place, fold, isFolding) => ALL.filter(one => isRead({ ...one, place, fold, isFolding }))
const distinct = (cases, name) => new Set(cases.map(one => one[name])).size

test('a page is read in each theme and each width, unfolded', () => {
  for (let place = 0; place < 8; place++) for (const [fold, isFolding] of [['open', true], ['folded', false]]) {
    const cases = read(place, fold, isFolding)
    assert.equal(cases.length, 2)
    assert.deepEqual([distinct(cases, 'scheme'), distinct(cases, 'width')], [2, 2])
  }
})

test('what folds is read folded, too, in a case that is not read unfolded', () => {
  for (let place = 0; place < 8; place++) {
    const folded = read(place, 'folded', true)
    assert.equal(folded.length, 1)
    assert.ok(read(place, 'open', true).every(one => one.scheme !== folded[0].scheme || one.width !== folded[0].width))
  }
})

test('four pages have every case', () => {
  for (const fold of ['folded', 'open']) {
    const cases = [0, 1, 2, 3].flatMap(place => read(place, fold, true))
    assert.equal(new Set(cases.map(one => JSON.stringify(one))).size, ALL.length)
  }
})
