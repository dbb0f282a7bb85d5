// node states.mjs [--axe all|aa] [--widths …] [--schemes …] [--folds …] [--at ISO] TARGET…
// Every combination of options of each page: one headline, nothing beside the window, no complaint of the browser; axe in some of them
// (`turns.mjs`), or in all; with `aa` only the rules of WCAG, since mails have no landmarks. Prints what is wrong and exits with 1 if anything is.
import { accessible, fits, headed } from './checks.mjs'
import { isRead } from './turns.mjs'
import { options, targets, visit } from './visit.mjs'

const WCAG = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
const { rest, choice } = options(process.argv.slice(2))
const { pages, close } = await targets(rest, choice.at)
let findings = 0
let cases = 0
let read = 0
await visit(pages, choice, async (page, name, complaints, one) => {
  const wrong = [...complaints, ...await fits(page), ...await headed(page)]
  if (choice.axe || isRead(one)) {
    wrong.push(...await accessible(page, choice.axe === 'aa' ? WCAG : undefined))
    read++
  }
  cases++
  findings += wrong.length
  for (const one of wrong) console.log(`${name}: ${one}`)
})
close()
console.log(`${read} of them read by axe:`)
console.log(`${cases} cases, ${findings} findings`)
process.exitCode = findings ? 1 : 0
