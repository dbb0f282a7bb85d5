// node states.mjs [--widths …] [--schemes …] [--folds …] [--at ISO] TARGET…
// Every combination of options of each page: axe, headline, nothing beside the window, no complaint of the browser. Prints what is
// wrong and exits with 1 if anything is.
import { accessible, fits, headed } from './checks.mjs'
import { options, targets, visit } from './visit.mjs'

const { rest, choice } = options(process.argv.slice(2))
const { pages, close } = await targets(rest, choice.at)
let findings = 0
let cases = 0
await visit(pages, choice, async (page, name, complaints) => {
  const wrong = [...complaints, ...await fits(page), ...await headed(page), ...await accessible(page)]
  cases++
  findings += wrong.length
  for (const one of wrong) console.log(`${name}: ${one}`)
})
close()
console.log(`${cases} cases, ${findings} findings`)
process.exitCode = findings ? 1 : 0
