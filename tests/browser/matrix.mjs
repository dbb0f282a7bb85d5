// node matrix.mjs [--long] GALLERY
// Pages of every kind, by width, number of components, language, theme, with and without scripts, with plain and hostile names:
// each pair of them, or with --long each combination. axe, one headline, language and direction, nothing beside the window, nothing
// cut off, no complaint of the browser. Prints what is wrong and exits with 1 if anything is.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { accessible, fits, headed, spacious } from './checks.mjs'
import { dimensionsOf, pairwise, product } from './pairs.mjs'
import { atOnce, launch, serve } from './visit.mjs'

const AT = '2026-11-20T16:15:20Z'
const FEW = 24
const FOLDERS = { component: 'components', incident: 'incidents', maintenance: 'maintenance' }

const long = process.argv.includes('--long')
const gallery = process.argv.slice(2).find(argument => argument !== '--long')
const server = await serve(gallery, AT)
const browser = await launch()

/** The path of the page in the gallery. */
function pathOf({ kind, size, language, names }) {
  const site = join('matrix', `${size}-${language}${names === 'hostile' ? '-hostile' : ''}`)
  if (!FOLDERS[kind]) return join(site, kind === 'index' ? '' : kind, kind === 'index' ? '/' : '')
  const folder = join(site, FOLDERS[kind])
  const [file] = existsSync(join(gallery, folder)) ? readdirSync(join(gallery, folder)).filter(name => name.endsWith('.html')) : []
  if (!file) throw new Error(`the gallery has no page in ${folder}`)
  return join(folder, file.replace(/\.html$/, ''))
}

async function look(cell) {
  const { width, theme, scripts, language } = cell
  const context = await browser.newContext({
    colorScheme: theme, reducedMotion: 'reduce', viewport: { width, height: width < 600 ? 640 : 900 },
  })
  const page = await context.newPage()
  const wrong = []
  page.on('console', message => message.type() === 'error' && wrong.push(message.text()))
  page.on('pageerror', error => wrong.push(String(error)))
  await page.clock.setFixedTime(new Date(AT))
  const devtools = await context.newCDPSession(page)
  const runs = scripts => devtools.send('Emulation.setScriptExecutionDisabled', { value: !scripts })
  await runs(scripts === 'on')
  await page.goto(`${server.root}/${pathOf(cell)}`)
  wrong.push(...await fits(page), ...await headed(page, language))
  await page.evaluate(() => document.querySelectorAll('details').forEach(row => { row.open = true }))
  wrong.push(...await fits(page))
  if (width === 320) wrong.push(...await spacious(page))
  // The page was loaded without scripts; axe is one.
  await runs(true)
  wrong.push(...await accessible(page))
  await context.close()
  return wrong
}

/** Those that the gallery is written in; the sites are named `60-en` and `60-en-hostile`. */
const languages = [...new Set(readdirSync(join(gallery, 'matrix')).map(site => site.replace(/^\d+-|-hostile$/g, '')))].sort().reverse()
const dimensions = dimensionsOf(languages)
const cells = long ? product(dimensions) : await pairwise(dimensions, FEW)
let findings = 0
await atOnce(cells, async cell => {
  const wrong = await look(cell)
  findings += wrong.length
  for (const one of wrong) console.log(`${Object.values(cell).join(' ')}: ${one}`)
})
await browser.close()
server.close()
console.log(`${cells.length} cases, ${findings} findings`)
process.exitCode = findings ? 1 : 0
