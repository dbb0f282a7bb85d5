// node script.mjs GALLERY
// Tests the page's script in a browser with a simulated clock and network: ages, replacing the page with a newer document without
// moving anything, the warning for an old copy, the tooltip, and the page without the script.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launch, serve } from './visit.mjs'

const gallery = process.argv[2]
const at = Date.parse('2026-11-20T16:15:30Z')
const three = readFileSync(join(gallery, 'three/index.html'), 'utf8')
const later = (html, minutes) => html.replaceAll(/2026-11-20T16:(15|25):00Z/g, (_, minute) =>
  `2026-11-20T16:${Number(minute) + minutes}:00Z`)

const server = await serve(gallery)
const browser = await launch()
const complaints = []

/** Opens a page with a simulated clock. The server's document is `state.html`; `null` means that the network is down.
 * `state.path` is the path of the document; the default is an index page. */
async function open(state, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 500 }, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => message.type() === 'error' && !message.text().includes('ERR_') && complaints.push(message.text()))
  await page.clock.install({ time: at + (state.skew ?? 0) })
  state.now = at
  const address = `${server.root}/${state.path ?? 'three/'}`
  const policy = (await fetch(address)).headers.get('content-security-policy')
  await page.route(address, route => state.html === null ? route.abort() : route.fulfill({
    body: state.html,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      ...(state.date === false ? {} : { date: new Date(state.now).toUTCString() }),
    },
  }))
  await page.goto(address)
  const pass = async minutes => {
    for (let minute = 0; minute < minutes; minute++) {
      state.now += 60_000
      await page.clock.runFor(60_000)
      await page.evaluate(() => new Promise(resolve => { const channel = new MessageChannel(); channel.port1.onmessage = resolve; channel.port2.postMessage(0) }))
    }
  }
  const sees = text => page.waitForFunction(wanted => document.body.innerText.includes(wanted), text, { timeout: 10_000 })
  return { page, pass, sees, close: () => context.close() }
}

{ // A newer document replaces the page; focus, scroll position and open details are kept.
  const state = { html: three }
  const { page, pass, sees, close } = await open(state)
  await page.locator('summary').nth(1).click()
  await page.evaluate(() => { scrollTo(0, 200); window.h1 = document.querySelector('h1'); window.row = document.activeElement })
  state.html = later(three, 1)
    .replace('All systems operational</h1>', 'Degraded performance: Website</h1>')
    .replace('<details class=x>', '<details class=x><summary><span class=nm>New component</span></summary></details><details class=x>')
  await pass(1)
  await sees('Degraded performance: Website')
  await sees('New component')
  assert.equal(await page.evaluate(() => document.activeElement === window.row && window.h1.isConnected), true, 'focus and live region are kept')
  assert.equal(await page.evaluate(() => scrollY), 200, 'the scroll position is kept')
  assert.deepEqual(await page.locator('details[open] .nm bdi').allInnerTexts(), ['Card payments'])
  // An older copy from a cache does not replace it.
  state.html = three
  await pass(1)
  await sees('Degraded performance: Website')
  await close()
}

{ // An old copy shows a warning. A new copy removes it.
  const state = { html: three }
  const { page, pass, sees, close } = await open(state)
  state.html = null
  await pass(3)
  await sees('Verified 16:15 UTC, 20 November 2026, 3 min ago.')
  assert.equal(await page.locator('html.old').count(), 0)
  await pass(8)
  await sees('This page may be out of date')
  await sees('It was last verified at 16:15 UTC, 11 min ago. What you see below was true then and may have changed.')
  await sees('Operational at 16:15')
  assert.match(await page.title(), /^May be out of date · /)
  const colours = await page.locator('.g .s').evaluateAll(all => all.map(one => getComputedStyle(one).color))
  assert.deepEqual([...new Set(colours)], ['rgb(91, 96, 102)'], 'nothing is green')
  state.html = later(three, 12)
  await pass(1)
  await sees('All systems operational')
  assert.equal(await page.locator('html.old').count(), 0)
  assert.doesNotMatch(await page.title(), /out of date/)
  await close()
}

{ // A status that already names a time gets no second one.
  const state = { path: 'partly/', html: readFileSync(join(gallery, 'partly/index.html'), 'utf8') }
  const { page, pass, sees, close } = await open(state)
  state.html = null
  await pass(11)
  await sees('This page may be out of date')
  const statuses = await page.locator('.g .s').allInnerTexts()
  assert.deepEqual(statuses.filter(status => status.startsWith('Partial outage')), ['Partial outage, 1 of 2 checks not seen since 14:40'])
  assert.ok(statuses.includes('1 of 2 affected at 16:15'), statuses.join('; '))
  await close()
}

const greys = page => page.locator('.u, .en, .s').evaluateAll(all => [...new Set(all.map(one => getComputedStyle(one).getPropertyValue('--f')))])

{ // An open component page turns red when the component does, turns grey when the copy is old, and recovers.
  const own = name => readFileSync(join(gallery, name), 'utf8')
  const [path] = readdirSync(join(gallery, 'three/components')).filter(name => name.endsWith('.html')).map(name => `three/components/${name}`)
    .filter(name => own(name).includes('<h1><bdi>Website</bdi></h1>'))
  const up = own(path)
  const down = up.replace('"u o"', '"u j"').replace('href=#o', 'href=#j').replace('<b>Operational</b>', '<b>Major outage</b>')
    .replace('<title>Operational', '<title>Major outage')
  const state = { html: up, path: path.replace('.html', '') }
  const { page, pass, sees, close } = await open(state)
  await sees('Operational since Tue 17 Nov, 16:15 UTC, for 3 days.')
  state.html = later(down, 1)
  await pass(1)
  await sees('Major outage since Tue 17 Nov, 16:15 UTC, for 3 days.')
  assert.match(await page.title(), /^Major outage: Website · /)
  assert.equal(await page.locator('.u.j').count(), 1, 'the panel is red')
  state.html = null
  await pass(2)
  await sees('Verified 16:15 UTC, 20 November 2026, 2 min ago.')
  await pass(8)
  await sees('Major outage at 16:15 UTC. This page may be out of date.')
  await sees('Last verified 10 min ago. We are trying again every minute.')
  await sees('today last. Until 16:15 UTC.')
  assert.match(await page.title(), /^May be out of date · Major outage: Website/)
  assert.equal(await page.locator('.u.n').count(), 1, 'the panel is grey')
  const words = await page.locator('.u b').evaluate(one => getComputedStyle(one).color)
  assert.equal(words, 'rgb(91, 96, 102)')
  state.html = later(up, 11)
  await pass(1)
  await sees('Operational since Tue 17 Nov')
  assert.equal(await page.locator('html.old').count(), 0)
  await close()
}

{ // The history and uptime pages load new documents, and show the time of the last verification when they are old.
  for (const [path, word] of [['past-days/history', 'No downtime.'], ['past-days/uptime', 'Open a row to see how its figures are calculated.']]) {
    const html = readFileSync(join(gallery, `${path}.html`), 'utf8')
    const state = { html, path }
    const { page, pass, sees, close } = await open(state)
    state.html = later(html, 1).replace(word, 'Something new')
    await pass(1)
    await sees('Something new')
    state.html = null
    await pass(12)
    await sees('Until 16:15 UTC, 20 November 2026. This page may be out of date.')
    assert.deepEqual((await greys(page)).filter(fill => fill !== '#868a90'), [], 'everything is grey')
    await close()
  }
}

{ // A finished month is never reported as old, even if the month ends while the page is open.
  const past = readFileSync(join(gallery, 'past-days/history/2026-10.html'), 'utf8')
  const over = await open({ html: past, path: 'past-days/history/2026-10' })
  await over.pass(5)
  await over.page.clock.runFor(24 * 3_600_000)
  assert.equal(await over.page.locator('html.old').count(), 0)
  assert.doesNotMatch(await over.page.title(), /out of date/)
  await over.close()
  const state = { html: readFileSync(join(gallery, 'past-days/history/2026-11.html'), 'utf8'), path: 'past-days/history/2026-11' }
  const { page, pass, sees, close } = await open(state)
  state.html = state.html.replace(/ data-until=\S+ data-verified=[^>]+/, '').replace(/<p class="q at">.*?<\/p>/, '').replace('November 2026</h2>', 'November is over</h2>')
  await pass(1)
  await sees('November is over')
  state.html = null
  await pass(12)
  assert.equal(await page.locator('html.old').count(), 0)
  await close()
}

{ // A visitor's wrong clock does not matter: hours ahead does not make a current copy old, hours behind does not make an old copy current.
  const ahead = await open({ html: three, skew: 5 * 3_600_000 })
  await ahead.sees('All systems operational')
  await ahead.pass(1)
  assert.equal(await ahead.page.locator('html.old').count(), 0)
  await ahead.close()
  const state = { html: three, skew: -5 * 3_600_000 }
  const behind = await open(state)
  await behind.pass(12)
  await behind.sees('This page may be out of date')
  await behind.close()
}

{ // An incident that begins and ends moves nothing: what is unfolded stays.
  const watched = readFileSync(join(gallery, 'watched/index.html'), 'utf8')
  const state = { html: three }
  const { page, pass, sees, close } = await open(state)
  await page.locator('summary').nth(1).click()
  await page.evaluate(() => { window.row = document.activeElement })
  state.html = later(watched, 1)
  await pass(1)
  await sees('Happening now')
  assert.equal(await page.evaluate(() => document.activeElement === window.row && window.row.isConnected), true, 'focus is kept')
  assert.deepEqual(await page.locator('details[open] .nm bdi').allInnerTexts(), ['Card payments'])
  await sees('15:55, 21 min ago')
  state.html = later(three, 2)
  await pass(1)
  await page.waitForFunction(() => !document.body.innerText.includes('Happening now'))
  assert.deepEqual(await page.locator('details[open] .nm bdi').allInnerTexts(), ['Card payments'])
  await close()
}

{ // The page of an open incident says that it is old; that of a resolved one never is.
  const folder = join(gallery, 'fire/incidents')
  const read = name => readFileSync(join(folder, name), 'utf8')
  const find = title => readdirSync(folder).find(name => name.endsWith('.html') && read(name).includes(`<h1><bdi>${title}</bdi></h1>`))
  const lasting = find('Card payments declined')
  const state = { html: read(lasting), path: `fire/incidents/${lasting.replace('.html', '')}` }
  const { page, pass, sees, close } = await open(state)
  await sees('Identified. Major outage since 14:02 UTC, for 2 h 13 min.')
  await sees('15:41, 34 min ago')
  state.html = null
  await pass(11)
  await sees('Identified at 16:15 UTC. This page may be out of date.')
  assert.equal(await page.locator('.u.n').count(), 1, 'the panel is grey')
  await close()
  const over = find('Timeouts from Europe')
  const resolved = await open({ html: read(over), path: `fire/incidents/${over.replace('.html', '')}` })
  await resolved.sees('Resolved. Partial outage for 12 min')
  await resolved.pass(12)
  assert.equal(await resolved.page.locator('html.old').count(), 0)
  await resolved.close()
}

{ // Running durations are updated every minute.
  const fire = readFileSync(join(gallery, 'fire/index.html'), 'utf8')
  const { pass, sees, close } = await open({ html: fire })
  await sees('Since 14:02 UTC, for 2 h 13 min.')
  await pass(2)
  await sees('Since 14:02 UTC, for 2 h 15 min.')
  await close()
}

{ // The tooltip shows the same text as the list, with the pointer and the arrow keys. Escape closes it.
  const { page, close } = await open({ html: three })
  const row = page.locator('summary').nth(2)
  await row.scrollIntoViewIfNeeded()
  const box = await row.locator('.b').boundingBox()
  await page.mouse.move(box.x + box.width * 84.5 / 90, box.y + 14)
  const tip = page.locator('.tip')
  assert.equal(await tip.innerText(), 'Sun 15 Nov Degraded performance 42 min')
  const tooltip = await tip.boundingBox()
  await page.mouse.move(tooltip.x + tooltip.width / 2, tooltip.y + tooltip.height / 2)
  assert.equal(await tip.isVisible(), true, 'it stays open under the pointer')
  await page.keyboard.press('Escape')
  assert.equal(await tip.isVisible(), false)
  await row.focus()
  await page.keyboard.press('ArrowLeft')
  assert.equal(await tip.innerText(), 'Fri 20 Nov Operational')
  for (let day = 0; day < 5; day++) await page.keyboard.press('ArrowLeft')
  assert.equal(await tip.innerText(), 'Sun 15 Nov Degraded performance 42 min')
  await close()
}

{ // Without the script everything is visible, but no ages are shown.
  const { page, close } = await open({ html: three }, { javaScriptEnabled: false })
  await page.locator('summary').nth(1).click()
  assert.equal(await page.locator('.t:visible').innerText().then(text => text.replaceAll(/\s+/g, ' ').trim()), 'Sun 15 Nov Degraded performance 42 min')
  await close()
}

await browser.close()
server.close()
assert.deepEqual(complaints, [])
console.log('all script tests passed')
