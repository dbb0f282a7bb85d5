// node script.mjs GALLERY
// Tests the page's script in a browser with a simulated clock and network: ages, replacing the page with a newer document without
// moving anything, the warning for an old copy, the tooltip, and the page without the script.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { launch, serve } from './visit.mjs'

const gallery = process.argv[2]
const at = Date.parse('2026-11-20T16:15:30Z')
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const read = path => readFileSync(join(gallery, path), 'utf8')
const three = read('three/index.html')
/** The document as it is published some minutes later, after a change. */
const later = (html, minutes) => html.replaceAll(/2026-11-20T16:(15|25):00Z/g, (_, minute) =>
  `2026-11-20T16:${Number(minute) + minutes}:00Z`).replace(/data-updated=(\d+)/, (_, updated) => `data-updated=${Number(updated) + minutes}`)

const server = await serve(gallery)
const browser = await launch()
const complaints = []

const written = (html, name) => html.match(new RegExp(` data-${name}=([^ >]+)`))?.[1]
/** `api/v2/status.json` of the publication that a document belongs to. */
const validity = html => JSON.stringify({
  page: { updated_at: new Date(Number(written(html, 'updated') ?? 0)).toISOString() },
  verified_at: written(html, 'verified') ?? null,
  believe_until: written(html, 'until') ?? '2026-11-20T16:15:00Z',
})

/** Opens a page with a simulated clock. The server's document is `state.html`, and its status that of `state.status`, or of the document;
 * `null` means that the network is down. `state.path` is the path of the document; the default is an index page. `state.age` is the age of
 * answers from a cache, `state.start` the time of the visit, `state.skew` what the visitor's clock is ahead. With `state.mute` the status never answers. `state.asked` has the times of the requests. */
async function open(state, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 500 }, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => message.type() === 'error' && !/ERR_|status of 403/.test(message.text()) && complaints.push(message.text()))
  Object.assign(state, { now: state.start ?? at, asked: { document: [], status: [] } })
  // However long the browser takes, its clock stands still meanwhile.
  await page.clock.install({ time: state.now + (state.skew ?? 0) - SECOND })
  await page.clock.pauseAt(state.now + (state.skew ?? 0))
  const address = `${server.root}/${state.path ?? 'three/'}`
  const policy = (await fetch(address)).headers.get('content-security-policy')
  let pending = 0
  page.on('request', () => pending++)
  for (const event of ['requestfinished', 'requestfailed']) page.on(event, () => pending--)
  const answer = (route, kind, type, body, more = {}) => {
    state.asked[kind].push(state.now)
    if (state.html === null) return route.abort()
    return route.fulfill({ body: body(), headers: {
      'content-type': type,
      ...(state.date === false ? {} : { date: new Date(state.now - (state.age ?? 0) * SECOND).toUTCString() }),
      ...(state.age === undefined ? {} : { age: String(state.age) }),
      ...more,
    } })
  }
  await page.route(address, route => answer(route, 'document', 'text/html; charset=utf-8', () => state.html, { 'content-security-policy': policy }))
  await page.route(/\/api\/v2\/status\.json$/, route => answer(route, 'status', 'application/json', () => validity(state.status ?? state.html)))
  if (state.mute) await page.route(/\/api\/v2\/status\.json$/, route => route.abort())
  await page.goto(address)
  /** Until every request has been answered, and what the answers cause. */
  const settle = async () => {
    do {
      await page.evaluate(() => new Promise(resolve => { const channel = new MessageChannel(); channel.port1.onmessage = resolve; channel.port2.postMessage(0) }))
    } while (pending > 0)
    await page.evaluate(() => new Promise(resolve => { const channel = new MessageChannel(); channel.port1.onmessage = resolve; channel.port2.postMessage(0) }))
  }
  const wait = async milliseconds => {
    for (let passed = 0; passed < milliseconds; passed += SECOND) {
      state.now += SECOND
      await page.clock.runFor(SECOND)
      // An answer must not wait for seconds of a clock that runs faster than the browser.
      await settle()
    }
  }
  // A number is kept beside its unit by a space that breaks no line.
  const sees = text => page.waitForFunction(wanted => document.body.innerText.replaceAll('\u00a0', ' ').includes(wanted), text, { timeout: 10_000 })
    .catch(async () => assert.fail(`"${text}" is not in: ${await page.evaluate(() => document.body.innerText.slice(0, 600))}`))
  const hide = hidden => page.evaluate(is => {
    Object.defineProperty(document, 'hidden', { value: is, configurable: true })
    document.dispatchEvent(new Event('visibilitychange'))
  }, hidden)
  if (options.javaScriptEnabled !== false) await settle()
  return { page, pass: minutes => wait(minutes * MINUTE), wait, settle, sees, hide, isOld: () => page.locator('html.old').count(), close: () => context.close() }
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
  const icon = () => page.locator('link[rel=icon]').getAttribute('href')
  const green = await icon()
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
  const grey = await icon()
  assert.notEqual(grey, green)
  assert.match(readFileSync(new URL(grey).pathname.replace(/^.*\/assets\//, `${join(gallery, 'three', 'assets')}/`), 'utf8'), /stroke-dasharray/, 'the icon is the grey ring')
  state.html = later(three, 12)
  await pass(1)
  await sees('All systems operational')
  assert.equal(await page.locator('html.old').count(), 0)
  assert.doesNotMatch(await page.title(), /out of date/)
  assert.equal(await icon(), green)
  await close()
}

{ // What is affected anyway says so, as of the last verification; what was not seen of it stands below its row.
  const state = { path: 'partly/', html: readFileSync(join(gallery, 'partly/index.html'), 'utf8') }
  const { page, pass, sees, close } = await open(state)
  state.html = null
  await pass(11)
  await sees('This page may be out of date')
  const statuses = await page.locator('.g .s').allInnerTexts()
  assert.deepEqual(statuses.filter(status => status.startsWith('Partial outage')), ['Partial outage at 16:15'])
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
  assert.match(await page.title(), /^Major outage: Website – /)
  assert.equal(await page.locator('.u.j').count(), 1, 'the panel is red')
  state.html = null
  await pass(2)
  await sees('Verified 16:15 UTC, 20 November 2026, 2 min ago.')
  await pass(8)
  await sees('Major outage at 16:15 UTC. This page may be out of date.')
  await sees('Last verified 10 min ago. We are trying again every minute.')
  await sees('One mark a day Until 16:15 UTC.')
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
  for (const [path, word, until] of [['past-days/history', 'No downtime.', '20 November, 16:15 UTC'], ['past-days/uptime', 'Month by month', '20 November 2026, 16:15 UTC']]) {
    const html = readFileSync(join(gallery, `${path}.html`), 'utf8')
    const state = { html, path }
    const { page, pass, sees, close } = await open(state)
    state.html = later(html, 1).replace(word, 'Something new')
    await pass(1)
    await sees('Something new')
    state.html = null
    await pass(12)
    await sees(`Until ${until}. This page may be out of date.`)
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
  state.status = later(state.html, 1)
  state.html = state.html.replace(/ data-updated=\S+ data-until=\S+ data-verified=[^>]+/, '').replace(/<p class="q at">.*?<\/p>/, '').replace('November 2026</h1>', 'November is over</h1>')
  await pass(1)
  await sees('November is over')
  state.html = null
  await pass(12)
  assert.equal(await page.locator('html.old').count(), 0)
  await close()
}

{ // A visitor's wrong clock does not matter, not even at first: a day ahead, a day behind.
  for (const skew of [-24 * HOUR, 24 * HOUR]) {
    const state = { html: read('fire/index.html'), path: 'fire/', skew }
    const { page, pass, sees, isOld, close } = await open(state)
    await sees('Since 14:02 UTC, for 2 h 13 min.')
    await pass(3)
    await sees('Since 14:02 UTC, for 2 h 16 min.')
    await sees('Verified 16:15 UTC, 20 November 2026, 3 min ago.')
    assert.equal(await isOld(), 0)
    state.html = null
    await pass(8)
    await sees('It was last verified at 16:15 UTC, 11 min ago.')
    assert.match(await page.title(), /^May be out of date · Major outage/)
    await close()
  }
}

{ // What a cache has kept for long is old at once; what it has kept for a minute is not.
  const state = { html: three, age: 50 }
  const { pass, sees, isOld, close } = await open(state)
  await pass(1)
  await sees('All systems operational')
  assert.equal(await isOld(), 0)
  await close()
  const kept = await open({ html: three, age: 11 * 60, start: at + 11 * MINUTE })
  await kept.sees('It was last verified at 16:15 UTC, 11 min ago.')
  await kept.close()
}

{ // Without an answer a document says only what is absolute, and soon that it may be out of date.
  const state = { html: read('fire/index.html'), path: 'fire/' }
  const mute = { ...state, mute: true }
  const { page, wait, pass, sees, isOld, close } = await open(mute)
  await sees('Since 14:02 UTC. Also')
  await wait(10 * SECOND)
  assert.equal(await isOld(), 0)
  await wait(10 * SECOND)
  await sees('It was last verified at 16:15 UTC, 20 November 2026. What you see below was true then and may have changed.')
  assert.doesNotMatch(await page.locator('main').innerText(), /(h|min) ago|, for /)
  await page.unroute(/\/api\/v2\/status\.json$/)
  await page.route(/\/api\/v2\/status\.json$/, route => route.fulfill({ body: validity(state.html), headers: { date: new Date(mute.now).toUTCString() } }))
  await pass(1)
  await sees('Since 14:02 UTC, for 2 h 1')
  assert.equal(await isOld(), 0)
  await close()
  const undated = await open({ html: three, date: false })
  await undated.wait(20 * SECOND)
  await undated.sees('This page may be out of date')
  await undated.close()
}

{ // Nothing is asked for but the status, about every 30 s, for as long as nothing changes; the document again before it is too old.
  const state = { html: three }
  const { pass, sees, isOld, close } = await open(state)
  // It is asked for again from 16:23:30 on. What the page takes for the server's time is ahead of it by up to a second here: an
  // answer has the time at which a second ends, within which it was asked for.
  await pass(7)
  assert.equal(state.asked.document.length, 1, 'the visit itself')
  const gaps = state.asked.status.slice(1).map((asked, index) => asked - state.asked.status[index])
  assert.ok(gaps.length >= 10 && gaps.length <= 18, `${gaps}`)
  assert.ok(gaps.every(gap => gap >= 22 * SECOND && gap <= 39 * SECOND), `${gaps}`)
  assert.ok(new Set(gaps).size > 3, `they differ: ${gaps}`)
  await pass(2)
  assert.ok(state.asked.document.length > 1, 'before it is too old')
  assert.equal(await isOld(), 0)
  state.html = later(three, 9)
  await pass(1)
  await sees('All systems operational')
  assert.equal(await isOld(), 0)
  // The server is gone: less often, but every minute.
  state.html = null
  state.asked.status.length = 0
  await pass(10)
  const failed = state.asked.status.slice(2).map((asked, index) => asked - state.asked.status[index + 1])
  assert.ok(failed.length >= 7 && failed.every(gap => gap >= 44 * SECOND && gap <= 61 * SECOND), `${failed}`)
  await close()
}

{ // A change is shown as soon as the status says so; an older status from a cache asks for nothing.
  const state = { html: three, status: three }
  const { pass, wait, sees, close } = await open(state)
  state.html = later(three, 1).replace('All systems operational</h1>', 'Degraded performance: Website</h1>')
  await pass(2)
  assert.equal(state.asked.document.length, 1)
  state.status = state.html
  await wait(40 * SECOND)
  await sees('Degraded performance: Website')
  await close()
}

{ // A restricted page is asked with the cookie of the visitor, every other one without.
  const cookie = [{ name: 'signed-in', value: 'yes', url: server.root }]
  for (const restricted of [false, true]) {
    const state = { html: three }
    const { page, pass, sees, close } = await open(state, { storageState: { cookies: [], origins: [] } })
    await page.context().addCookies(cookie)
    const seen = []
    for (const [address, body] of [[/\/api\/v2\/status\.json$/, () => validity(state.html)], [`${server.root}/three/`, () => state.html]]) {
      await page.route(address, async route => {
        const signedIn = Boolean((await route.request().allHeaders()).cookie)
        seen.push(signedIn)
        const date = { date: new Date(state.now).toUTCString() }
        return restricted && !signedIn ? route.fulfill({ status: 403, body: 'Sign in', headers: date })
          : route.fulfill({ body: body(), contentType: 'text/html', headers: date })
      })
    }
    state.html = later(three, 1).replace('All systems operational</h1>', 'Degraded performance: Website</h1>')
    await pass(1)
    await sees('Degraded performance: Website')
    assert.equal(seen.some(Boolean), restricted)
    await close()
  }
}

{ // A machine that slept does not know for how long: it asks at once, and says so if there is no answer.
  const fire = read('fire/index.html')
  const state = { html: fire, path: 'fire/' }
  const { page, pass, wait, sees, isOld, close } = await open(state)
  await pass(1)
  await sees('for 2 h 14 min')
  const sleep = async hours => {
    state.now += hours * HOUR
    await page.clock.setSystemTime(state.now + 3 * HOUR)
  }
  state.html = later(fire, 30).replace('Major outage: ', 'Partial outage: ')
  await sleep(0.5)
  await wait(7 * SECOND)
  await sees('Partial outage: ')
  assert.equal(await isOld(), 0)
  state.html = null
  await sleep(1)
  await wait(7 * SECOND)
  await sees('Since 14:02 UTC. Also')
  await wait(20 * SECOND)
  await sees('It was last verified at 16:15 UTC, 20 November 2026. What')
  assert.equal(await isOld(), 1)
  await close()
}

{ // A hidden tab asks for nothing and grows old; it looks at once when it is shown.
  const state = { html: three }
  const { page, pass, sees, settle, hide, isOld, close } = await open(state)
  await hide(true)
  const asked = state.asked.status.length
  await pass(12)
  assert.equal(state.asked.status.length, asked)
  assert.match(await page.title(), /^May be out of date · /)
  state.html = later(three, 12)
  await hide(false)
  await settle()
  await sees('All systems operational')
  assert.equal(await isOld(), 0)
  assert.equal(state.asked.status.length, asked + 1)
  await hide(true)
  await hide(false)
  await settle()
  assert.equal(state.asked.status.length, asked + 1, 'but not each time')
  await pass(1)
  assert.ok(state.asked.status.length > asked + 1, 'and then as before')
  await close()
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
  await resolved.sees('Resolved. Degraded performance for 25 min, then partial outage for 12 min, 11:15 to 11:52 UTC')
  await resolved.pass(12)
  assert.equal(await resolved.page.locator('html.old').count(), 0)
  await resolved.close()
}

{ // Running durations are updated every minute.
  const fire = readFileSync(join(gallery, 'fire/index.html'), 'utf8')
  const { page, pass, sees, close } = await open({ html: fire })
  await sees('Since 14:02 UTC, for 2 h 13 min.')
  // Paper says what the document said.
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')))
  await sees('Since 14:02 UTC. ')
  await page.evaluate(() => dispatchEvent(new Event('afterprint')))
  await sees('Since 14:02 UTC, for 2 h 13 min.')
  await pass(2)
  await sees('Since 14:02 UTC, for 2 h 15 min.')
  await close()
}

/** What a bubble says, line by line. */
const said = async page => (await page.locator('.tip > *').allInnerTexts()).map(line => line.replaceAll(/\s+/g, ' ').trim())

{ // The bubble says what the list says, with the pointer and the arrow keys. Escape closes it. It covers neither its row nor the margins.
  const { page, close } = await open({ html: three })
  const row = page.locator('summary').nth(2)
  await row.scrollIntoViewIfNeeded()
  const bar = await row.locator('.b').boundingBox()
  const tip = page.locator('.tip')
  const over = day => page.mouse.move(bar.x + bar.width * (day + 0.4) / 89.75, bar.y + 14)
  await over(84)
  assert.deepEqual(await said(page), ['Sun 15 Nov', 'Degraded performance 42 min'])
  const bubble = await tip.boundingBox()
  assert.equal(Math.round(bubble.y - bar.y - bar.height), 8, 'it is 8 px below its bar')
  const mark = await page.locator('.to').boundingBox()
  assert.ok(Math.abs(mark.x + mark.width / 2 - bar.x - bar.width * 84.375 / 89.75) < 1, 'the mark is outlined')
  await page.mouse.move(bar.x + bar.width * 84.4 / 89.75, bubble.y - 2)
  await page.mouse.move(bubble.x + bubble.width / 2, bubble.y + bubble.height / 2)
  assert.equal(await tip.isVisible(), true, 'it stays open under the pointer, and on the way to it')
  for (const day of [0, 89]) {
    await over(day)
    const { x, width } = await tip.boundingBox()
    const main = await page.locator('main').boundingBox()
    assert.ok(x >= main.x - 0.5 && x + width <= main.x + main.width + 0.5, 'it stays inside the column')
  }
  await page.keyboard.press('Escape')
  assert.equal(await tip.isVisible(), false)
  await row.focus()
  await page.keyboard.press('ArrowLeft')
  assert.deepEqual(await said(page), ['Fri 20 Nov', 'Operational'])
  for (let day = 0; day < 5; day++) await page.keyboard.press('ArrowLeft')
  assert.deepEqual(await said(page), ['Sun 15 Nov', 'Degraded performance 42 min'])
  await page.keyboard.press('Tab')
  assert.equal(await tip.isVisible(), false)
  await close()
}

{ // A day with an incident links to it. A folded group names the worst three of its components.
  const { page, close } = await open({ html: read('fire/index.html'), path: 'fire/' }, { viewport: { width: 1280, height: 900 } })
  const over = async (row, day) => {
    await row.scrollIntoViewIfNeeded()
    const bar = await row.locator('.b').first().boundingBox()
    await page.mouse.move(bar.x + bar.width * (day + 0.4) / 89.75, bar.y + 14)
  }
  await over(page.locator('.x > summary', { hasText: 'Card payments' }).first(), 89)
  assert.deepEqual(await said(page), ['Fri 20 Nov', 'Major outage 2 h 13 min', 'Card payments declined'])
  const group = page.locator('.z > summary', { hasText: 'Payments' }).first()
  await group.click()
  await over(group, 89)
  assert.deepEqual((await said(page)).slice(0, 4), ['Fri 20 Nov', 'Card payments Major outage 2 h 13 min', 'Refunds Partial outage 2 h', 'Payouts Partial outage 1 h 58 min'])
  await close()
}

{ // On the page of a component the bar and the chart are a tab stop each, and arrow keys say what the pointer says. A newer document leaves them so.
  const file = readdirSync(join(gallery, 'fire/components')).filter(name => name.endsWith('.html'))
    .find(name => readFileSync(join(gallery, 'fire/components', name), 'utf8').includes('data-points='))
  const html = read(`fire/components/${file}`)
  const state = { html, path: `fire/components/${file.replace('.html', '')}` }
  const { page, pass, close } = await open(state, { viewport: { width: 1280, height: 900 } })
  const chart = page.locator('.pl')
  const picture = await page.locator('.pc').boundingBox()
  const tip = page.locator('.tip:visible')
  const points = (await chart.getAttribute('data-points')).split(';').map(point => point.split('|'))
  const [x, when, median, slowest] = points[40]
  const words = `${when} · median ${median} · slowest 5% over ${slowest}`
  await page.mouse.move(picture.x + picture.width * x / 1000, picture.y + 20)
  assert.deepEqual(await tip.allInnerTexts(), [words])
  const rule = await page.locator('.ru').boundingBox()
  assert.ok(Math.abs(rule.x + rule.width / 2 - picture.x - picture.width * x / 1000) < 1 && Math.abs(rule.height - picture.height) < 1, 'a rule marks it')
  await page.mouse.move(picture.x, picture.y - 40)
  assert.equal(await tip.count(), 0)
  await chart.focus()
  await page.keyboard.press('ArrowLeft')
  assert.match((await tip.allInnerTexts())[0], new RegExp(`^${points.at(-1)[1]} · `), 'the newest first')
  for (let step = 0; step < points.length - 41; step++) await page.keyboard.press('ArrowLeft')
  assert.deepEqual(await tip.allInnerTexts(), [words])
  assert.equal(await chart.getAttribute('aria-valuetext'), words)
  assert.match(await chart.getAttribute('aria-label'), /^Response time over the last 24 hours: /)
  await page.keyboard.press('Escape')
  assert.equal(await tip.count(), 0)
  state.html = later(html, 1)
  await pass(1)
  assert.equal(await chart.getAttribute('role'), 'slider', 'a newer document leaves the tab stop')
  const bar = page.locator('.e > .b')
  await page.keyboard.press('Tab')
  assert.equal(await bar.evaluate(one => one === document.activeElement), true)
  await page.keyboard.press('ArrowLeft')
  assert.deepEqual(await said(page), ['Fri 20 Nov', 'Major outage 2 h 13 min', 'Card payments declined'])
  assert.equal((await bar.getAttribute('aria-valuetext')).replaceAll('\u00a0', ' '), 'Fri 20 Nov, Major outage 2 h 13 min, Card payments declined')
  await page.keyboard.press('ArrowLeft')
  assert.deepEqual(await said(page), ['Thu 19 Nov', 'Operational'])
  assert.equal(await page.locator('[tabindex="0"]').count(), 2)
  await close()
}

{ // A finger gets no bubble: a tap unfolds the row, and the line of the day is raised; a newer document leaves it so.
  const state = { html: three }
  const { page, pass, close } = await open(state, { hasTouch: true, viewport: { width: 360, height: 640 } })
  const row = page.locator('details.x').nth(1)
  const tap = async day => {
    await row.locator('.b').scrollIntoViewIfNeeded()
    const bar = await row.locator('.b').boundingBox()
    await page.touchscreen.tap(bar.x + bar.width * (day - 60 + 0.4) / 29.75, bar.y + 14)
  }
  await tap(84)
  assert.equal(await row.evaluate(one => one.open), true)
  assert.deepEqual(await page.locator('[data-pointed]').allInnerTexts().then(all => all.map(text => text.replaceAll(/\s+/g, ' '))), ['Sun 15 Nov Degraded performance 42 min'])
  assert.equal(await page.locator('.tip').isVisible(), false)
  state.html = later(three, 1)
  await pass(1)
  assert.equal(await page.locator('[data-pointed]').count(), 1)
  await tap(80)
  assert.equal(await row.evaluate(one => one.open), true, 'another day of an unfolded row folds nothing')
  assert.equal(await page.locator('[data-pointed]').count(), 0, 'no line is about it')
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
