// node --test: every pair that can occur is in one of few cells.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dimensionsOf, exists, pairwise, product } from './pairs.mjs'

const LANGUAGES = [['en'], ['en', 'ar-XB'], ['en', 'de', 'ar-XB']]

/** The pairs of values of different dimensions in these cells. */
function pairs(cells) {
  const names = Object.keys(cells[0]).sort()
  const found = new Set()
  for (const cell of cells) for (const [index, one] of names.entries()) for (const other of names.slice(index + 1)) {
    found.add(`${one} ${cell[one]}, ${other} ${cell[other]}`)
  }
  return [...found].sort()
}

test('each two values that can meet do, in 24 cells', async () => {
  for (const dimensions of LANGUAGES.map(dimensionsOf)) {
    const cells = await pairwise(dimensions, 24)
    assert.ok(cells.every(exists))
    assert.deepEqual(pairs(cells), pairs(product(dimensions)))
    assert.ok(cells.length <= 24, `${cells.length} cells`)
  }
})

test('the product has every cell once', () => {
  const dimensions = dimensionsOf(['en', 'de'])
  const cells = product(dimensions)
  assert.equal(new Set(cells.map(cell => JSON.stringify(cell))).size, cells.length)
  const number = Object.values(dimensions).reduce((product, values) => product * values.length, 1)
  assert.equal(cells.length, number - 2 * number / dimensions.kind.length / dimensions.size.length)
})
