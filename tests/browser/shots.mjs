// node shots.mjs OUT [--widths 1280,360] [--schemes light,dark] [--folds folded,open] [--at ISO] TARGET…
// Takes full-page screenshots. TARGET is an address, or a directory and paths in it. Fails if a page scrolls horizontally.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { options, targets, visit } from './visit.mjs'

const { rest: [out, ...args], choice } = options(process.argv.slice(2))
mkdirSync(out, { recursive: true })
const { pages, close } = await targets(args, choice.at)
let wrong = 0
await visit(pages, choice, async (page, name, complaints) => {
  await page.screenshot({ path: join(out, `${name}.png`), fullPage: true })
  const excess = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  if (excess > 0) { wrong++; console.log(`${name}: ${excess} px wider than the window`) }
  for (const complaint of complaints) { wrong++; console.log(`${name}: ${complaint}`) }
})
close()
process.exitCode = wrong ? 1 : 0
