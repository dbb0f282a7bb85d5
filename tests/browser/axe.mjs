// node axe.mjs [--widths …] [--schemes …] [--folds …] [--at ISO] TARGET…
// Runs axe-core on every combination of options. Prints each finding and exits with 1 if there are any.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { matrix, options, targets } from './visit.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const { rest, choice } = options(process.argv.slice(2))
const { pages, close } = await targets(rest, choice.at)
let findings = 0
let cases = 0
await matrix(pages, choice, async (page, name) => {
  await page.evaluate(axe)
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
  cases++
  for (const violation of violations) for (const node of violation.nodes) {
    findings++
    console.log(`${name}: ${violation.id}: ${node.target.join(' ')}: ${node.failureSummary.replaceAll('\n', ' ')}`)
  }
})
close()
console.log(`${cases} cases, ${findings} findings`)
process.exitCode = findings ? 1 : 0
