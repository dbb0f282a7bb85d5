// node widget.mjs GALLERY [PICTURES]
// Tests the strip in the page of another site, which forbids all that it can forbid, and in a frame: what it says, its box, its age,
// and that neither reaches the other. Takes pictures of its states, if told where to.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { launch, serve } from './visit.mjs'

const [gallery, pictures] = process.argv.slice(2)
const AT = Date.parse('2026-11-20T16:15:20Z')
const SECOND = 1000
const MINUTE = 60 * SECOND
/** What the strip must not take over. */
const STYLE = 'body{color:#c0f;font:40px serif;text-transform:uppercase}a,b,span{color:#c0f!important;letter-spacing:9px}'
if (pictures) mkdirSync(pictures, { recursive: true })

const status = await serve(gallery, AT)
/** The site that embeds the strip: another origin, and the strictest policy under which the documentation says that it works. */
const site = createServer((request, response) => {
  const [, kind, page] = request.url.split('/')
  const address = `${status.root}/${page}`
  const body = kind === 'framed'
    ? `<iframe src="${address}/widget.html" title="Northwind status" width=600 height=72></iframe>`
    : `<a href="${address}/">Northwind status</a>\n<script src="${address}/widget.js" async></script>`
  response.writeHead(200, {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': `default-src 'none'; script-src ${status.root}; connect-src ${status.root}; frame-src ${status.root}; ` +
      `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; require-trusted-types-for 'script'`,
  }).end(`<!DOCTYPE html><html lang=en><title>Shop</title><meta name=viewport content="width=device-width">${kind === 'script' ? `<style>${STYLE}</style>` : ''}<body><h1>Shop</h1>${body}<p>Below</p>`)
})
await new Promise(resolve => site.listen(0, '127.0.0.1', resolve))
const root = `http://127.0.0.1:${site.address().port}`
const browser = await launch()
const complaints = []

const read = page => JSON.parse(readFileSync(join(gallery, page, 'api/v2/status.json'), 'utf8'))

/** Opens the site. The answer of the status page is `state.answer`; `null` means that it cannot be reached. */
async function open(kind, name, state, options = {}) {
  const context = await browser.newContext({ viewport: { width: 640, height: 360 }, reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.on('pageerror', error => complaints.push(String(error)))
  page.on('console', message => message.type() === 'error' && !message.text().includes('ERR_') && complaints.push(message.text()))
  state.answer ??= read(name)
  state.asked = []
  state.now = AT
  // However long the browser takes, its clock stands still meanwhile; it is wrong by a day.
  await page.clock.install({ time: AT - 24 * 3600 * SECOND - SECOND })
  await page.clock.pauseAt(AT - 24 * 3600 * SECOND)
  await page.route(/\/api\/v2\/status\.json$/, route => {
    state.asked.push({ at: state.now, headers: route.request().headers() })
    return state.answer === 'none' ? route.abort() : route.fulfill({ json: state.answer, headers: {
      date: new Date(state.now).toUTCString(), 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Age, Date',
    } })
  })
  await page.goto(`${root}/${kind}/${name}`)
  const settle = () => page.evaluate(() => new Promise(resolve => { const channel = new MessageChannel(); channel.port1.onmessage = resolve; channel.port2.postMessage(0) }))
  const wait = async milliseconds => {
    for (let passed = 0; passed < milliseconds; passed += 5 * SECOND) {
      state.now += 5 * SECOND
      await page.clock.runFor(5 * SECOND)
      await settle()
    }
  }
  const strip = page.locator('.w')
  const says = async text => {
    await strip.getByText(text, { exact: true }).waitFor({ timeout: 10_000 })
      .catch(async () => assert.fail(`"${text}" is not in: ${await page.locator('body').innerText()}`))
  }
  const shot = async name => {
    if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) })
  }
  return { page, strip, says, wait, shot, close: () => context.close() }
}

const box = page => page.locator('.bx p').allInnerTexts()

{ // It says what the banner says, and more for the pointer and the keyboard. The styles of the site do not reach it, nor its own the site.
  const state = {}
  const { page, strip, says, close } = await open('script', 'fire', state)
  await says('Major outage: Card payments')
  assert.equal(await page.locator('.bx').isVisible(), false)
  await strip.hover()
  assert.deepEqual(await box(page), ['Since 14:02 UTC. Also affected: Refunds, Payouts, Webhooks. No data for 1 component since 14:40.', 'Card payments declined: identified.', 'Verified 16:15 UTC, 20 November 2026.'])
  assert.equal(await page.locator('.bx').isVisible(), true)
  await page.mouse.move(600, 340)
  assert.equal(await page.locator('.bx').isVisible(), false)
  await page.keyboard.press('Tab')
  assert.equal(await page.locator('.bx').isVisible(), true, 'the strip is the first stop')
  await page.keyboard.press('Escape')
  assert.equal(await page.locator('.bx').isVisible(), false)
  assert.equal(await strip.getAttribute('href'), `${status.root}/fire/`)
  const style = await strip.locator('b').evaluate(one => { const { color, letterSpacing, textTransform, fontSize } = getComputedStyle(one); return [color, letterSpacing, textTransform, fontSize] })
  assert.deepEqual(style, ['rgb(138, 15, 53)', 'normal', 'none', '15px'])
  assert.equal(await page.locator('h1').evaluate(one => getComputedStyle(one).color), 'rgb(204, 0, 255)')
  assert.ok((await strip.boundingBox()).height >= 44)
  const [asked] = state.asked
  assert.equal(asked.headers.cookie, undefined)
  assert.equal(await page.evaluate(() => document.cookie + localStorage.length + sessionStorage.length), '00')
  await close()
}

{ // It asks about every minute, and shows what changed. An older copy from a cache does not replace what it has.
  const state = {}
  const { says, wait, close } = await open('script', 'three', state)
  await says('All systems operational')
  await wait(10 * MINUTE)
  const gaps = state.asked.slice(1).map(({ at }, index) => at - state.asked[index].at)
  assert.ok(gaps.length >= 7 && gaps.every(gap => gap >= 45 * SECOND && gap <= 80 * SECOND), `${gaps}`)
  const fire = read('fire')
  state.answer = { ...fire, believe_until: '2026-11-20T16:40:00Z' }
  await wait(80 * SECOND)
  await says('Major outage: Card payments')
  state.answer = read('three')
  await wait(80 * SECOND)
  await says('Major outage: Card payments')
  await close()
}

{ // What is too old is grey and says so, whatever the visitor's clock; what answers again is shown again.
  const state = {}
  const { page, strip, says, wait, close } = await open('script', 'three', state)
  await says('All systems operational')
  state.answer = 'none'
  await wait(9 * MINUTE)
  await says('All systems operational')
  await wait(2 * MINUTE)
  await says('May be out of date')
  assert.deepEqual(await box(page), ['All systems operational at 16:15 UTC.', 'We have had no answer since.'])
  assert.equal(await strip.getAttribute('class'), 'w n')
  state.answer = { ...read('three'), believe_until: '2026-11-20T16:50:00Z' }
  await wait(5 * MINUTE)
  await says('All systems operational')
  await close()
}

{ // Never reached: the link stands until it is known that there is no answer. Without scripts it stays.
  const state = { answer: 'none' }
  const { page, says, wait, close } = await open('script', 'three', state)
  await page.getByRole('link', { name: 'Northwind status' }).waitFor()
  await wait(30 * SECOND)
  await says('Status unknown')
  assert.equal(await page.getByText('Northwind status').count(), 0)
  await close()
  const plain = await open('script', 'three', {}, { javaScriptEnabled: false })
  assert.equal(await plain.page.getByRole('link', { name: 'Northwind status' }).getAttribute('href'), `${status.root}/three/`)
  await plain.close()
}

{ // In a frame: with and without scripts.
  for (const javaScriptEnabled of [true, false]) {
    const { page, close } = await open('framed', 'fire', {}, { javaScriptEnabled })
    const frame = page.frameLocator('iframe')
    await frame.getByText('Major outage: Card payments').waitFor()
    await frame.getByText('Verified 16:15 UTC, 20 November 2026.').waitFor()
    assert.equal(await frame.locator('.w').getAttribute('target'), '_top')
    await close()
  }
  const state = { answer: 'none' }
  const { page, wait, close } = await open('framed', 'fire', state)
  await wait(30 * SECOND)
  const frame = page.frameLocator('iframe')
  await frame.getByText('May be out of date').waitFor()
  await frame.getByText('Major outage: Card payments at 16:15 UTC, 20 November 2026. We have had no answer since.').waitFor()
  await close()
}

if (pictures) {
  for (const colorScheme of ['light', 'dark']) for (const width of [1280, 360]) {
    for (const name of ['three', 'fire', 'maintenance', 'no-data', 'long']) {
      const options = { colorScheme, viewport: { width: width < 600 ? 360 : 640, height: 360 } }
      const { strip, shot, close } = await open('plain', name, {}, options)
      await strip.hover()
      await shot(`strip-${name}-${width}-${colorScheme}`)
      await close()
      const framed = await open('framed', name, {}, options)
      await framed.page.frameLocator('iframe').locator('.w').waitFor()
      await framed.shot(`frame-${name}-${width}-${colorScheme}`)
      await framed.close()
    }
    const state = {}
    const { strip, says, wait, shot, close } = await open('plain', 'three', state, { colorScheme, viewport: { width: width < 600 ? 360 : 640, height: 360 } })
    await says('All systems operational')
    state.answer = 'none'
    await wait(11 * MINUTE)
    await strip.hover()
    await shot(`strip-old-${width}-${colorScheme}`)
    await close()
  }
}

await browser.close()
site.close()
status.close()
assert.deepEqual(complaints, [])
console.log('all widget tests passed')
