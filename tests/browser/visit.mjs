// Opens pages in Chromium. Addresses are opened directly. Directories are served on loopback with the security policy that they
// contain, so the browser gets what a visitor would get.
import { createServer } from 'node:http'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { extname, join, normalize } from 'node:path'
import { chromium } from 'playwright-core'

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync']
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.svg': 'image/svg+xml' }

export const launch = (flags = []) => chromium.launch({ executablePath: '/usr/bin/chromium', args: [...FLAGS, ...flags] })

/** Serves a directory; `/name` answers with `name.html` or `name/index.html`. `at` is the server's time; the default is the present. */
export async function serve(directory, at) {
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://x').pathname))
    const found = [path, `${path}.html`, join(path, 'index.html')].map(name => join(directory, name))
      .find(name => existsSync(name) && statSync(name).isFile())
    if (!found) return response.writeHead(404).end()
    const policy = `${found}.policy`
    response.writeHead(200, {
      'content-type': existsSync(`${found}.type`) ? readFileSync(`${found}.type`, 'utf8') : TYPES[extname(found)] ?? 'application/octet-stream',
      ...(at ? { date: new Date(at).toUTCString() } : {}),
      ...(existsSync(policy) ? { 'content-security-policy': readFileSync(policy, 'utf8') } : {}),
    }).end(readFileSync(found))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  return { root: `http://127.0.0.1:${server.address().port}`, close: () => server.close() }
}

/** `[--at ISO] TARGET…`: addresses, or one directory followed by paths in it. */
export async function targets(args, at) {
  if (!args.length || !existsSync(args[0])) return { pages: args, close: () => {} }
  const server = await serve(args[0], at)
  return { pages: args.slice(1).map(path => `${server.root}/${path}`), close: server.close }
}

/** The browser takes most of a core for each. */
const AT_ONCE = availableParallelism()

/** Calls `look` with each of these, some at the same time: `many`, if they wait more than they compute. */
export async function atOnce(these, look, many = AT_ONCE) {
  const left = [...these]
  await Promise.all(Array.from({ length: many }, async () => {
    while (left.length) await look(left.shift())
  }))
}

/** Opens every page in light and dark, in every width; folded and open, if anything in it folds. Calls `look` with the page, a name
 * for the case, what the browser complained of, and the case: the place of the page among `pages`, `scheme`, `width`, `fold`. */
export async function visit(pages, { schemes = ['light', 'dark'], widths = [1280, 360], folds = ['folded', 'open'], at }, look) {
  const browser = await launch()
  const kinds = schemes.flatMap(scheme => widths.map(width => ({ scheme, width })))
  try {
    await atOnce(kinds, async ({ scheme, width }) => {
      const context = await browser.newContext({ colorScheme: scheme, reducedMotion: 'reduce', viewport: { width, height: width < 600 ? 640 : 900 } })
      const page = await context.newPage()
      if (at) await page.clock.setFixedTime(new Date(at))
      const complaints = []
      page.on('console', message => message.type() === 'error' && complaints.push(message.text()))
      page.on('pageerror', error => complaints.push(String(error)))
      for (const [place, url] of pages.entries()) {
        await page.goto(url)
        const isFolding = await page.locator('details').count() > 0
        for (const fold of isFolding ? folds : folds.slice(0, 1)) {
          if (fold === 'open') await page.evaluate(() => document.querySelectorAll('details').forEach(row => { row.open = true }))
          const name = `${new URL(url).pathname.replace(/^\/|\/$/g, '').replaceAll('/', '_') || 'index'}-${width}-${scheme}-${fold}`
          await look(page, name, complaints.splice(0), { place, scheme, width, fold, isFolding })
        }
      }
      await context.close()
    })
  } finally {
    await browser.close()
  }
}

/** Removes `--name value` pairs from the arguments and returns them. */
export function options(argv) {
  const named = {}
  const rest = []
  for (let index = 0; index < argv.length; index++) {
    if (argv[index].startsWith('--')) named[argv[index].slice(2)] = argv[++index]
    else rest.push(argv[index])
  }
  const list = key => named[key]?.split(',')
  return {
    rest,
    choice: { schemes: list('schemes'), widths: list('widths')?.map(Number), folds: list('folds'), at: named.at, axe: named.axe },
  }
}
